// `assay align --model FILE --interpretation FILE`

#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "axioms/alignment.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/value_operations.h"
#include "interp/files/files.h"
#include "tasks/registry.h"
#include "tasks/subject.h"
#include "tools/commands.h"
#include "tools/found_sentences.h"
#include "tools/interpretation_fields.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/plural.h"
#include "tools/progress.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
using axioms::Alignment;
using axioms::AlignmentCandidate;

struct AlignOptions {
  CommonOptions common;
  fs::path model, interpretation, out;
  std::vector<std::string> nodes;
  int64_t inputs = 2000;
  axioms::AlignmentConfig search;
};

/// Those named; else those whose place the interpretation does not know.
std::vector<std::string> nodes_of(const AlignOptions& options,
                                  const circuits::Interpretation& interpretation) {
  if (!options.nodes.empty()) return options.nodes;
  std::vector<std::string> nodes;
  for (const circuits::Node& node : interpretation.nodes)
    if (node.alpha.name == circuits::kUnknown) nodes.push_back(node.name);
  if (nodes.empty())
    throw std::invalid_argument(
        "the place of every node is known; name those to look for with --node");
  return nodes;
}

/// The inputs that are fitted on: of the part and the seed that the interpretation was derived on,
/// so that one dataset stands for all that the result has seen. Never of the test part.
struct FittingInputs {
  at::Tensor tokens;
  nlohmann::json fitted_on;
};

FittingInputs fitting_inputs(const AlignOptions& options, const tasks::Subject& subject) {
  const tasks::Task& task = *subject.task;
  task.need<tasks::Distribution>();
  nlohmann::json fitted_on = subject.interpretation().fitted_on;
  if (fitted_on.empty())
    fitted_on = {{"part", "derive"}, {"seed", options.common.seed.value_or(0)}, {"count", 0}};
  const tasks::Part part = tasks::parse_part(fitted_on.at("part").get<std::string>());
  if (part == tasks::Part::Test)
    throw std::invalid_argument(
        "the interpretation was fitted on the test part, which is kept for validation");
  const interp::LabelledBatch batch =
      task.sample(part, fitted_on.at("seed").get<uint64_t>(), 0, options.inputs);
  task.require_one_length(batch);
  const at::Tensor tokens = batch.tokens.contiguous();
  if (fitted_on.at("count").get<int64_t>() < options.inputs) {
    fitted_on["count"] = options.inputs;
    fitted_on["sha256"] =
        interp::sha256(std::string(static_cast<const char*>(tokens.data_ptr()), tokens.nbytes()));
  }
  return {tokens, fitted_on};
}

std::string percent_text(double share) {
  return fmt::format("{:.1f}%", 100 * share);
}

/// What an interpretation with the place says in evidence of it.
std::string evidence_of(const Alignment& alignment, const tasks::Task& task) {
  const AlignmentCandidate& best = alignment.candidates.front();
  return fmt::format(
      "found by search in {}. {} With a random subspace {} do, untouched {}; probes explain {} of "
      "the value",
      to_string(best.site), plain_text(place_sentence(alignment, task)),
      percent_text(1 - best.random.rate()), percent_text(1 - best.untouched.rate()),
      percent_text(best.explained));
}

void print_alignment(const Alignment& alignment, const tasks::Task& task, const Console& console) {
  Table table({{"site", Align::Left},
               {"dimensions"},
               {"explained"},
               {"interchange"},
               {"at least"},
               {"random"},
               {"untouched"}});
  for (const AlignmentCandidate& candidate : alignment.candidates)
    table.add_row({{to_string(candidate.site)},
                   {std::to_string(candidate.dimensions)},
                   {percent_text(candidate.explained)},
                   {percent_text(1 - candidate.exchanged.rate()),
                    candidate.better_than_chance ? Tone::Good : Tone::Caution},
                   {percent_text(candidate.accuracy_lower)},
                   {percent_text(1 - candidate.random.rate())},
                   {percent_text(1 - candidate.untouched.rate())}});
  console.line(wrapped(plain_text(place_sentence(alignment, task)), width_of(stdout), 0));
  console.line();
  console.line(table.to_string(console.colour()));
  console.line();
  console.fact("searched",
               fmt::format("{}, fitted on {}, measured on {} others",
                           counted(std::ssize(alignment.sites), "site"),
                           counted(alignment.fitted, "input"), grouped(alignment.held_out)));
}

int run_align(const AlignOptions& options) {
  const Session session = start(options.common);
  const Console& console = session.console;
  const tasks::Subject subject = tasks::load_subject(options.model, options.interpretation);
  const std::vector<std::string> nodes = nodes_of(options, subject.interpretation());
  if (!options.out.empty() && options.out.extension() != ".json")
    throw std::invalid_argument(
        fmt::format("--out: '{}', expected a name that ends in .json", options.out.string()));
  if (!options.out.empty())
    for (const char* extension : {".json", ".safetensors"})
      require_writable(fs::path(options.out).replace_extension(extension));
  const FittingInputs inputs = fitting_inputs(options, subject);
  circuits::Interpretation result = subject.interpretation();
  result.fitted_on = inputs.fitted_on;
  AlignmentRecord record{.task = subject.task->to_json(),
                         .model = {options.model.string(), subject.model.sha256},
                         .fitted_on = inputs.fitted_on,
                         .nodes = {}};
  bool all_found = true;
  for (const std::string& node : nodes) {
    Progress line(options.common.quiet);
    axioms::AlignmentConfig config = options.search;
    config.seed = options.common.seed.value_or(0);
    config.on_progress = [&](int64_t done, int64_t of) { line.count(done, of, "places"); };
    const Alignment& alignment = record.nodes.emplace_back(
        axioms::align(subject.experiment(), subject.interpretation(), node, inputs.tokens, config));
    print_alignment(alignment, *subject.task, console);
    all_found &= alignment.is_found();
    if (!alignment.is_found()) continue;
    circuits::Node& place = *std::ranges::find(result.nodes, node, &circuits::Node::name);
    place = alignment.found;
    place.evidence.push_back(
        {{"statement", evidence_of(alignment, *subject.task)}, {"supports", true}});
  }
  if (all_found && !options.out.empty()) {
    circuits::save_interpretation(result, options.out);
    console.fact("interpretation", options.out.string());
  } else if (!options.out.empty()) {
    console.fact("interpretation", "none is written, as a place was not found");
  }
  write_report(options.common, report_of("alignment", record));
  return all_found ? kDone : kUndecided;
}

}  // namespace

Command add_align(CLI::App& app) {
  const auto options = std::make_shared<AlignOptions>();
  app.add_option("--model", options->model, "the network, in any layout")
      ->required()
      ->type_name("FILE");
  app.add_option("--interpretation", options->interpretation, "what its nodes compute")
      ->required()
      ->type_name("FILE");
  app.add_option("--node", options->nodes,
                 "whose place to look for (default: those whose alpha and gamma are `unknown`)")
      ->type_name("NAME");
  app.add_option("--inputs", options->inputs,
                 "of the part that interpretations are fitted on; half of them are held out")
      ->capture_default_str()
      ->transform(whole_number(64))
      ->type_name("N");
  app.add_option("--sites", options->search.sites,
                 "best sites of which subspaces are tried, each of another place")
      ->capture_default_str()
      ->transform(whole_number(1))
      ->type_name("N");
  app.add_option("--out", options->out, "the interpretation with the places found")
      ->type_name("FILE");
  add_common_options(app, options->common);
  refuse_other_devices(app);
  app.footer(
      "For a node of which it is known what it computes, but not where: probes at every place and "
      "position, and at groups of positions where none holds the whole value, then interchange at "
      "the best of them. The result is a hypothesis, fitted on the "
      "derive part; validate tests it on other inputs. Exit code 3: not found.\n"
      "\nExample:\n"
      "  assay align --model tasks/modular_addition/reference/model.safetensors \\\n"
      "    --interpretation tasks/modular_addition/reference/exact.json --node sum");
  return [options] { return run_align(*options); };
}

}  // namespace assay::tools
