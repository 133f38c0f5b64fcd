// `assay derive TASK --model FILE --out DIR`

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/interpretation_file.h"
#include "interp/adapters/model_file.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tools/brief.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/evidence_sentence.h"
#include "tools/interpretation_fields.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/progress.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;

struct DeriveOptions {
  CommonOptions common;
  tasks::Settings settings;
  fs::path model, out;
  std::string part;
  tasks::DeriveConfig derivation;
};

/// The derivation's deriving part, variant and seed are settled before anything is computed.
tasks::DeriveConfig settled(const DeriveOptions& options, const tasks::Task& task) {
  tasks::DeriveConfig config = options.derivation;
  const auto& interpretations = task.need<tasks::Interpretations>();
  const std::vector<std::string>& variants = interpretations.variants;
  if (config.variant.empty()) config.variant = variants.front();
  if (std::ranges::find(variants, config.variant) == variants.end()) {
    throw std::invalid_argument(fmt::format("unknown variant '{}' of {}; {}", config.variant,
                                            task.name(),
                                            interp::there_are(variants, config.variant)));
  }
  config.seed = options.common.seed.value_or(0);
  config.part = tasks::parse_part(options.part);
  if (config.part == tasks::Part::Test) {
    throw std::invalid_argument(
        "--part: the test part is kept for validation; fit on derive or train");
  }
  if (!config.inputs) config.inputs = interpretations.inputs(config.part);
  return config;
}

tasks::Derivation derive(const tasks::Task& task, const interp::Network& network,
                         tasks::DeriveConfig config, bool quiet) {
  Progress line(quiet);
  config.on_progress = [&](int64_t done, int64_t of) { line.count(done, of, "inputs"); };
  return task.need<tasks::Interpretations>().derive(network, config);
}

void print_evidence(const tasks::Derivation& derivation, const Console& console) {
  const auto against = std::ranges::count(derivation.evidence, false, &tasks::Evidence::supports);
  console.line(console.paint(evidence_sentence(std::ssize(derivation.evidence) - against, against),
                             against > 0 ? Tone::Caution : Tone::Plain));
  for (const circuits::Node& node : derivation.interpretation.nodes) {
    console.line();
    console.line(console.paint(node.name, Tone::Bold));
    for (const tasks::Evidence& fact : derivation.evidence) {
      if (fact.node != node.name) continue;
      const std::string mark =
          fact.supports ? console.paint("+", Tone::Good) : console.paint("!", Tone::Caution);
      const std::string text =
          wrapped(fmt::format("{}: {}", fact.statement, brief(fact.value)), width_of(stdout), 4);
      console.print("  {} {}", mark, fact.supports ? text : console.paint(text, Tone::Caution));
    }
  }
}

void print_end(const fs::path& file, const Console& console) {
  console.fact("interpretation", file.string());
  console.fact("numbers", fs::path(file).replace_extension(".safetensors").string());
}

DerivationRecord record_of(const DeriveOptions& options, const tasks::DeriveConfig& config,
                           const tasks::Derivation& derivation, const fs::path& file) {
  const circuits::Interpretation& derived = derivation.interpretation;
  DerivationRecord record{.task = derived.task,
                          .model = {options.model.string(), derived.model_sha256},
                          .variant = config.variant,
                          .fitted_on = derived.fitted_on,
                          .evidence = {},
                          .interpretation = file.string()};
  for (const tasks::Evidence& fact : derivation.evidence)
    record.evidence.push_back({fact.node, fact.statement, fact.value, fact.supports});
  return record;
}

int run_derive(const tasks::TaskEntry& entry, const DeriveOptions& options) {
  const Session session = start(options.common);
  const interp::LoadedModel loaded = interp::load_model(options.model);
  const auto task = task_for_model(loaded.metadata, entry.name, options.settings);
  task->require_fits(loaded.model->places());
  const tasks::DeriveConfig config = settled(options, *task);
  const fs::path file = options.out / (config.variant + ".json");
  fs::create_directories(options.out);
  for (const char* extension : {".json", ".safetensors"})
    require_writable(fs::path(file).replace_extension(extension));

  const Console& console = session.console;
  loaded.model->to(session.device);
  tasks::Derivation derivation = derive(*task, *loaded.model, config, options.common.quiet);
  derivation.interpretation.model_sha256 = loaded.sha256;
  circuits::save_interpretation(derivation.interpretation, file);

  print_evidence(derivation, console);
  console.line();
  console.fact("task", describe(*task));
  console.fact("model",
               fmt::format("{} ({})", options.model.string(), loaded.sha256.substr(0, 12)));
  console.fact("variant", fmt::format("{}, fitted on {} inputs ({} part, seed {})", config.variant,
                                      grouped(*config.inputs), options.part, config.seed));
  console.fact("BLAS", describe(session.blas));
  print_end(file, console);
  write_report(options.common,
               report_of("derivation", record_of(options, config, derivation, file)));
  return kDone;
}

std::vector<std::string> variants_of(const tasks::Task& task) {
  const auto* known = task.get<tasks::Interpretations>();
  return known ? known->variants : std::vector<std::string>();
}

Command add_derivation_of(CLI::App& app, const tasks::TaskEntry& entry) {
  const auto options = std::make_shared<DeriveOptions>();
  tasks::DeriveConfig& derivation = options->derivation;
  app.add_option("--model", options->model, "the network, in any layout")
      ->required()
      ->type_name("FILE");
  app.add_option("--out", options->out, "folder that gets VARIANT.json and VARIANT.safetensors")
      ->required()
      ->type_name("DIR");
  app.add_option("--variant", derivation.variant, "of the interpretation (default: the first)")
      ->type_name("NAME");
  app.add_option("--inputs,--formulas", derivation.inputs,
                 "how many inputs to fit on (default: what the task needs)")
      ->transform(whole_number(1))
      ->type_name("N");
  app.add_option("--part", options->part, "of the inputs to fit on: derive or train")
      ->default_val("derive")
      ->type_name("PART");
  choices(app.get_option("--variant"), variants_of(*tasks::make_task(entry.name)));
  choices(app.get_option("--part"), {"derive", "train"});
  add_options(app, entry.derivation, derivation.options);
  add_options(app, entry.options, options->settings);
  add_common_options(app, options->common);
  app.footer(fmt::format(
      "Reads the interpretation off the network and says what speaks for it (+) and against it "
      "(!). "
      "The result is a file that can be read, edited and validated.\n"
      "\nExample:\n  assay derive {} --model runs/demo/model.safetensors --out runs/demo",
      entry.name));
  return [&entry, options] { return run_derive(entry, *options); };
}

}  // namespace

Command add_derive(CLI::App& app) {
  app.footer(
      "Every task has options and variants of its own: assay derive two-sat --help\n"
      "Of a node of which you know what it computes, but not where, assay align lists the sites "
      "and "
      "subspaces that hold its value best.\n"
      "\nExample:\n"
      "  assay derive two-sat --model runs/demo/model.safetensors --out runs/demo");
  const auto has_networks = [](const tasks::TaskEntry& entry) {
    return !entry.presets.empty() || !entry.derivation.empty();
  };
  return for_each_task(app, has_networks, add_derivation_of);
}

}  // namespace assay::tools
