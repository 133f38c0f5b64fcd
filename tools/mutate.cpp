// `assay mutate --interpretation IN --mutation NAME --out OUT`

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/interpretation_file.h"
#include "interp/names.h"
#include "tasks/mutation_table.h"
#include "tasks/registry.h"
#include "tasks/subject.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/interpretation_fields.h"
#include "tools/interrupt.h"
#include "tools/kept_run.h"
#include "tools/mutation_fields.h"
#include "tools/mutation_text.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/parts.h"
#include "tools/progress.h"
#include "tools/shard_option.h"
#include "tools/validation_inputs.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
using circuits::Mutation;
using nlohmann::ordered_json;

constexpr int64_t kTableInputs = 16384;  // of a table, where they have no end

struct MutateOptions {
  CommonOptions common;
  fs::path model, interpretation, out;
  std::string mutation;
  bool list = false, table = false;
  int64_t inputs = kTableInputs;
  interp::Shard shard;
  bool resume = false;
};

void require_one_job(const MutateOptions& options) {
  if (options.list + options.table + !options.mutation.empty() != 1)
    throw std::invalid_argument("expected one of --mutation NAME, --list and --table");
  if (options.mutation.empty() != options.out.empty())
    throw std::invalid_argument("--mutation and --out belong together");
  if (!options.table && !options.shard.is_whole())
    throw std::invalid_argument("--shard: --table is made in parts, and nothing else");
  if (!options.table && options.resume)
    throw std::invalid_argument("--resume: --table goes on, and nothing else");
}

tasks::Subject load(const MutateOptions& options) {
  const fs::path beside = fs::path(options.interpretation).replace_filename("model.safetensors");
  return tasks::load_subject(options.model.empty() ? beside : options.model,
                             options.interpretation);
}

int list(const MutateOptions& options, const tasks::Subject& subject,
         const std::vector<Mutation>& mutations, const Console& console) {
  const std::vector<std::string> names = circuits::applicable(mutations, subject.interpretation());
  MutationsRecord record;
  for (const Mutation& mutation : mutations) {
    const bool applies = std::ranges::count(names, mutation.name) > 0;
    record.mutations.push_back({mutation.name, mutation.help, applies});
    console.print("  {}{}{}", console.paint(fmt::format("{:<20}", mutation.name), Tone::Bold),
                  mutation.help,
                  applies ? "" : console.paint(" (does not apply here)", Tone::Faint));
  }
  write_report(options.common, report_of("mutations", record));
  return kDone;
}

int write_mutated(const MutateOptions& options, const tasks::Subject& subject,
                  const std::vector<Mutation>& mutations, const Console& console) {
  std::error_code absent;
  if (fs::equivalent(options.interpretation, options.out, absent)) {
    throw std::invalid_argument(
        fmt::format("{}: would overwrite the interpretation that is read", options.out.string()));
  }
  require_writable(options.out);
  const circuits::Interpretation changed = circuits::mutate(
      mutations, options.mutation, subject.interpretation(), options.common.seed.value_or(0));
  circuits::save_interpretation(changed, options.out);
  write_report(options.common, report_of("mutation", MutatedRecord{options.mutation, changed.title,
                                                                   options.out.string()}));
  console.fact("interpretation", options.out.string());
  console.fact("", changed.title);
  return kDone;
}

ValidationInputs table_inputs(const MutateOptions& options, const tasks::Subject& subject) {
  const nlohmann::json& fitted_on = subject.interpretation().fitted_on;
  return subject.task->get<tasks::FiniteDomain>()
             ? listed_inputs(*subject.task, "all", fitted_on)
             : fresh_inputs(*subject.task, options.inputs, 1, fitted_on);
}

/// The report of a table, without its results.
ordered_json table_head(const tasks::Subject& subject, const ValidationInputs& inputs) {
  return report_of("mutation-table",
                   MutationTableHead{subject.interpretation().title, inputs.facts});
}

KeptRun<tasks::MutationResult> kept_run(const MutateOptions& options, const tasks::Subject& subject,
                                        const ValidationInputs& inputs, uint64_t seed,
                                        int64_t mutations) {
  ordered_json asked = table_head(subject, inputs);
  asked["shard"] =
      shard_member(options.shard, mutations,
                   interp::write_record(MutationPart{subject.model.sha256, subject.loaded.sha256,
                                                     seed, inputs.description}));
  return {options.common,
          {.list = "mutations", .asked = std::move(asked)},
          interp::range_of(options.shard, mutations, 1),
          [](int64_t, const tasks::MutationResult& result) { return to_json(result); }};
}

void validate_mutations(const MutateOptions& options, tasks::MutationTable& table,
                        KeptRun<tasks::MutationResult>& run) {
  const std::atomic<bool>& stop = watch_interrupts();
  const std::vector<int64_t> left = run.left();
  Progress line(options.common.quiet);
  for (size_t i = 0; i < left.size() && !stop; ++i) {
    line.count(static_cast<int64_t>(i), std::ssize(left), "mutations");
    run.add(left[i], table.result(left[i]));
  }
}

int print_table(const MutateOptions& options, const tasks::Subject& subject,
                const std::vector<Mutation>& mutations, const Session& session) {
  const ValidationInputs inputs = table_inputs(options, subject);
  subject.model.model->to(session.device);
  const uint64_t seed = options.common.seed.value_or(0);
  tasks::MutationTable table(subject.interpretation(), mutations, {seed, seed + 1},
                             {.network = *subject.model.model,
                              .inputs = inputs.tokens,
                              .count = inputs.count,
                              .exhaustive = inputs.scope == axioms::Scope::Domain,
                              .decision = subject.task->decision()});
  auto run = kept_run(options, subject, inputs, seed, table.size());
  if (options.resume)
    run.resume([](int64_t, const ordered_json& json) { return mutation_from_json(json); });
  validate_mutations(options, table, run);
  if (!run.is_done()) return run.interrupted(session.console);
  const bool is_part = !options.shard.is_whole();
  if (is_part) run.finish_part(options.shard, session.console);
  const std::vector<tasks::MutationResult> results = std::move(run).items();
  if (!is_part) {
    ordered_json report = table_head(subject, inputs);
    report["mutations"] = to_json(results);
    write_report(options.common, report);
  }
  print_mutations(results, session.console);
  session.console.line();
  session.console.fact("interpretation", subject.interpretation().title);
  session.console.fact("inputs", inputs.description);
  return kDone;
}

int run_mutate(const MutateOptions& options) {
  require_one_job(options);
  const Session session = start(options.common);
  const tasks::Subject subject = load(options);
  const std::vector<Mutation> mutations =
      circuits::mutations_for(tasks::mutations(), subject.interpretation());
  if (options.list) return list(options, subject, mutations, session.console);
  if (options.table) return print_table(options, subject, mutations, session);
  return write_mutated(options, subject, mutations, session.console);
}

}  // namespace

Command add_mutate(CLI::App& app) {
  const auto options = std::make_shared<MutateOptions>();
  app.add_option("--interpretation", options->interpretation, "the one to change")
      ->required()
      ->type_name("FILE");
  app.add_option("--model", options->model,
                 "its network (default: model.safetensors beside the interpretation)")
      ->type_name("FILE");
  app.add_option("--mutation", options->mutation, "what to change, see --list")->type_name("NAME");
  choices(app.get_option("--mutation"), interp::names_of(tasks::mutations()));
  app.add_option("--out", options->out, "the changed one: OUT.json, and OUT.safetensors beside it")
      ->type_name("OUT.json");
  app.add_flag("--list", options->list, "list the mutations, and which of them apply");
  app.add_flag("--table", options->table,
               "apply each that applies, validate, and tell what catches it");
  app.add_option("--inputs", options->inputs, "of --table, where they cannot be listed")
      ->capture_default_str()
      ->transform(whole_number(1))
      ->type_name("N");
  CLI::Option* shard = add_shard_option(app, options->shard);
  add_common_options(app, options->common);
  shard->needs("--json");
  add_resume_option(app, options->resume);
  app.footer(
      "A test of the test: an interpretation that was made wrong on purpose must fail, on the node "
      "that was changed. Without --mutation, --list names what can be changed; --table tries it "
      "all and tells what catches each.\n"
      "\nExample:\n"
      "  assay mutate --interpretation runs/demo/trees.json --mutation drop-neuron \\\n"
      "    --out runs/demo/dropped.json\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/dropped.json --claim \"or.CE<=0.001\"");
  return [options] { return run_mutate(*options); };
}

}  // namespace assay::tools
