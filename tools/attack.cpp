// `assay attack --model FILE`

#include "axioms/proofs/attack.h"

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "interp/adapters/model_file.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tasks/subject.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/found_sentences.h"
#include "tools/interrupt.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/plural.h"
#include "tools/progress.h"
#include "tools/prove_text.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

struct AttackCommand {
  CommonOptions common;
  std::filesystem::path model, interpretation;
  std::string task, domain, row;
  double seconds = 10;
};

/// A network with or without an interpretation.
tasks::Subject load(const AttackCommand& options) {
  if (options.row.empty() != options.interpretation.empty())
    throw std::invalid_argument("--row and --interpretation belong together");
  if (!options.interpretation.empty())
    return tasks::load_subject(options.model, options.interpretation);
  tasks::Subject subject;
  subject.model = interp::load_model(options.model);
  subject.task = task_of_model(subject.model, options.task);
  subject.task->require_fits(subject.places());
  return subject;
}

proofs::Attack run(const AttackCommand& options, const proofs::Study& study) {
  Progress line(options.common.quiet);
  const proofs::AttackOptions how{.seconds = options.seconds,
                                  .seed = options.common.seed.value_or(0),
                                  .stop = &watch_interrupts(),
                                  .on_progress = [&](double seconds, double closest) {
                                    line.show([&] {
                                      return fmt::format("{:.0f} of {:.0f} s, closest {:.4g}",
                                                         seconds, options.seconds, closest);
                                    });
                                  }};
  return options.row.empty() ? proofs::attack_answer(study, how)
                             : proofs::attack_row(study, options.row, how);
}

AttackRecord record_of(const AttackCommand& options, const tasks::Subject& subject,
                       const proofs::Study& study, const proofs::Attack& attack) {
  AttackRecord record{.task = subject.task->to_json(),
                      .model = {options.model.string(), subject.model.sha256},
                      .row = options.row.empty() ? "answer" : options.row,
                      .domain = study.domain().name,
                      .seed = options.common.seed.value_or(0),
                      .runs = attack.runs,
                      .climbs = attack.climbs,
                      .input = {},
                      .right = {},
                      .network = {},
                      .closest = {}};
  if (attack.found) {
    const at::Tensor row = attack.found->unsqueeze(0);
    const int64_t network = study.network_answers(row).item<int64_t>();
    record.input = subject.task->to_text(*attack.found);
    record.right = subject.task->answer_name(study.right(row).item<int64_t>());
    record.network = network < 0 ? "a tie" : subject.task->answer_name(network);
  } else if (attack.closest.defined()) {
    record.closest = {subject.task->to_text(attack.closest), attack.closest_value};
  }
  return record;
}

void print_attack(const AttackRecord& record, const tasks::Task& task, const Console& console) {
  const std::string effort =
      fmt::format("{} of {}", counted(record.runs, "run"), counted(record.climbs, "climb"));
  console.line(wrapped(plain_text(attack_sentence(record, &task)), width_of(stdout), 0));
  console.line();
  if (record.input) {
    console.fact(console.paint("found", Tone::Bad), *record.input);
    console.fact("search", fmt::format("{}, then made simpler while it failed", effort));
  } else if (record.closest) {
    console.fact("search", fmt::format("{}; the closest input was {:.4g} away", effort,
                                       -record.closest->value));
  }
}

int run_attack(const AttackCommand& options) {
  const Session session = start(options.common);
  const tasks::Subject subject = load(options);
  const proofs::Study study = study_of(subject, options.domain);
  const Console& console = session.console;
  const AttackRecord record = record_of(options, subject, study, run(options, study));
  print_attack(record, *subject.task, console);
  console.fact("domain", domain_text(study.domain()));
  console.fact("model", options.model.string());
  write_report(options.common, report_of("attack", record));
  return record.input ? kViolated : kUndecided;
}

}  // namespace

Command add_attack(CLI::App& app) {
  const auto options = std::make_shared<AttackCommand>();
  app.add_option("--model", options->model, "the network")->required()->type_name("FILE");
  app.add_option("--interpretation", options->interpretation, "of which --row names a node")
      ->type_name("FILE");
  app.add_option("--row", options->row,
                 "NODE.PE, CE, PR or CR: look for an input on which that row of a validation fails "
                 "(default: a wrong answer)")
      ->type_name("ROW");
  app.add_option("--task", options->task, "the task, where the model file names none")
      ->type_name("NAME");
  app.add_option("--domain", options->domain,
                 "the inputs to look among, a name of the task's (default: its first)")
      ->type_name("NAME");
  app.add_option("--seconds", options->seconds, "after which the search ends")
      ->capture_default_str()
      ->transform(number_at_least(0))
      ->type_name("SECONDS");
  choices(app.get_option("--task"), interp::names_of(tasks::task_entries()));
  add_common_options(app, options->common);
  refuse_other_devices(app);
  app.footer(
      "Hill climbing from random inputs, a part of the input changed at a time, towards whatever "
      "is "
      "closest to wrong. The worst case says nothing of the rate, nor the rate of the worst case. "
      "Exit codes: 1 an input was found, 3 none was.\n"
      "\nExample:\n"
      "  assay attack --model tasks/two_sat/reference/model.safetensors --seconds 5");
  return [options] { return run_attack(*options); };
}

}  // namespace assay::tools
