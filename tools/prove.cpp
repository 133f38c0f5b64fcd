// `assay prove --model FILE --interpretation FILE`

#include "axioms/proofs/prove.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "axioms/proofs/certificate.h"
#include "axioms/proofs/certificate_reader.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tasks/subject.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/deadline.h"
#include "tools/kept_proof.h"
#include "tools/memory.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/page_option.h"
#include "tools/progress.h"
#include "tools/prove_text.h"

#include <fmt/ranges.h>

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
using proofs::Statement;
using proofs::Verdict;

struct ProveCommand {
  CommonOptions common;
  fs::path model, interpretation, certificate;
  std::string task, domain;
  std::vector<std::string> statements;
  double attack = 5;
  std::optional<double> limit, memory;
  bool resume = false;
  PageOption page;

  proofs::CertifiedFiles files() const { return {model, interpretation}; }
};

tasks::Subject load(const ProveCommand& options) {
  if (!options.task.empty()) tasks::task_entries().at(options.task);  // refuses an unknown one
  tasks::Subject subject = tasks::load_subject(options.model, options.interpretation);
  if (!options.task.empty() && subject.task->name() != options.task)
    throw std::invalid_argument(fmt::format("the interpretation is about the task {}, not about {}",
                                            subject.task->name(), options.task));
  return subject;
}

int exit_code(const std::vector<Statement>& statements) {
  const auto any = [&](Verdict verdict) {
    return std::ranges::count(statements, verdict, &Statement::verdict) > 0;
  };
  if (any(Verdict::Refuted)) return kViolated;
  return any(Verdict::Open) ? kUndecided : kDone;
}

/// The record without its results.
ProofsRecord asked_of(const ProveCommand& options, const tasks::Subject& subject,
                      const proofs::Study& study) {
  const proofs::Domain& domain = study.domain();
  return {.title = subject.interpretation().title,
          .task = subject.task->to_json(),
          .model = {options.model.string(), subject.model.sha256},
          .interpretation = {{options.interpretation.string(), subject.loaded.sha256},
                             subject.interpretation().title},
          .domain = {domain.name, domain.words, domain.inputs_in_words(),
                     right_text(study.specified.specification, *subject.task)},
          .certificate = {},
          .statements = {},
          .rows = {}};
}

/// What the certificate of an interrupted run has decided. There is none yet where the run ended
/// in its first statement: then what is kept of that is all there is.
std::vector<Statement> decided_before(const ProveCommand& options, const tasks::Subject& subject,
                                      const proofs::Study& study) {
  if (!options.resume) return {};
  if (!fs::exists(options.certificate) && fs::exists(KeptProof::file_of(options.certificate)))
    return {};
  proofs::Certificate begun =
      proofs::read_certificate(options.certificate, options.files(), subject.interpretation());
  if (proofs::to_json(begun.domain) != proofs::to_json(study.domain()))
    throw std::invalid_argument(fmt::format("{}: it is about the domain {}, not about {}",
                                            options.certificate.string(), begun.domain.name,
                                            study.domain().name));
  return std::move(begun.statements);
}

double most_bytes(const ProveCommand& options) {
  constexpr double kGiga = 1e9;
  return options.memory ? *options.memory * kGiga : available_memory();
}

/// Memory is told where it is large, before it is taken.
void tell_memory(const proofs::ProveOptions& proving, const proofs::Study& study,
                 const Console& console) {
  constexpr double kLarge = 1e9;
  const double bytes = proofs::bytes_to_prove(study, proving);
  if (bytes >= kLarge || bytes > proving.most_bytes)
    console.fact("memory", fmt::format("about {:.3g} GB are needed; {:.3g} GB may be used",
                                       bytes / kLarge, proving.most_bytes / kLarge));
}

/// The certificate is written after every statement, and the pieces of the one that is being worked
/// on are kept beside it, so that neither an interrupt nor a kill costs much.
std::vector<Statement> prove(const ProveCommand& options, const tasks::Subject& subject,
                             const proofs::Study& study, const Console& console) {
  const Deadline deadline(options.limit);
  nlohmann::ordered_json asked = report_of("proofs", asked_of(options, subject, study));
  for (const char* result : {"statements", "rows"}) asked.erase(result);  // it is no report
  KeptProof kept(options.certificate, std::move(asked), options.resume);
  Progress line(options.common.quiet);
  const auto keep = [&](const std::vector<Statement>& so_far) {
    if (!options.certificate.empty())
      proofs::write_certificate(study, so_far, options.files(), options.certificate);
  };
  const proofs::ProveOptions proving{.statements = options.statements,
                                     .attack_seconds = options.attack,
                                     .seed = options.common.seed.value_or(0),
                                     .on_progress = [&](const std::string& what, int64_t done,
                                                        int64_t of) { line.count(done, of, what); },
                                     .stop = deadline.over(),
                                     .most_bytes = most_bytes(options),
                                     .decided = decided_before(options, subject, study),
                                     .on_decided = keep,
                                     .kept = kept.kept()};
  tell_memory(proving, study, console);
  std::vector<Statement> statements = proofs::prove(study, proving);
  keep(statements);
  kept.end(*deadline.over());
  return statements;
}

nlohmann::ordered_json proofs_report(const ProveCommand& options, const tasks::Subject& subject,
                                     const proofs::Study& study,
                                     const std::vector<Statement>& statements,
                                     const std::vector<proofs::EqualRows>& rows) {
  ProofsRecord record = asked_of(options, subject, study);
  if (!options.certificate.empty()) record.certificate = options.certificate.string();
  record.statements = records_of(statements, study, *subject.task);
  record.rows = rows;
  return report_of("proofs", record);
}

int run_prove(const ProveCommand& options) {
  const Session session = start(options.common);
  if (!options.certificate.empty()) {
    require_writable(options.certificate);
    require_writable(proofs::hints_beside(options.certificate));
    require_writable(KeptProof::file_of(options.certificate));
  }
  require_writable(options.page);
  const tasks::Subject subject = load(options);
  const proofs::Study study = study_of(subject, options.domain);
  const Console& console = session.console;
  const std::vector<Statement> statements = prove(options, subject, study, console);
  const std::vector<proofs::EqualRows> rows = proofs::equal_rows(study, statements);
  print_statements(statements, study, *subject.task, console);
  print_rows(rows, console);
  console.line();
  console.fact("domain", domain_text(study.domain()));
  console.fact("right", right_text(study.specified.specification, *subject.task));
  console.fact("model", options.model.string());
  console.fact("interpretation", subject.interpretation().title);
  print_times(statements, console);
  const nlohmann::ordered_json report = proofs_report(options, subject, study, statements, rows);
  write_report(options.common, report);
  if (!options.certificate.empty()) {
    console.fact("certificate", options.certificate.string());
    console.fact("to check it", fmt::format("assay-check {} --model {} --interpretation {}",
                                            options.certificate.string(), options.model.string(),
                                            options.interpretation.string()));
  }
  write_page(options.page, options.common, report, console);
  if (!watch_interrupts()) return exit_code(statements);
  if (!options.certificate.empty()) console.fact("to go on", "the same command with --resume");
  return kInterrupted;
}

}  // namespace

Command add_prove(CLI::App& app) {
  const auto options = std::make_shared<ProveCommand>();
  app.add_option("--model", options->model, "the network")->required()->type_name("FILE");
  app.add_option("--interpretation", options->interpretation, "what is said of it")
      ->required()
      ->type_name("FILE");
  app.add_option("--task", options->task,
                 "the task that both speak about (default: the one that the interpretation names)")
      ->type_name("NAME");
  app.add_option("--statement", options->statements,
                 "what to prove (default: all that apply): " +
                     fmt::format("{}", fmt::join(proofs::statement_names(), ", ")))
      ->type_name("NAME");
  app.add_option("--domain", options->domain,
                 "the inputs to prove it for, a name of the task's (default: its first)")
      ->type_name("NAME");
  app.add_option("--attack", options->attack,
                 "seconds to look for an input that refutes what no proof is known for")
      ->capture_default_str()
      ->transform(number_at_least(0))
      ->type_name("SECONDS");
  app.add_option("--limit", options->limit,
                 "seconds after which the run ends; what is not decided by then is open")
      ->transform(number_at_least(0))
      ->type_name("SECONDS");
  app.add_option("--memory", options->memory,
                 "gigabytes that may be used (default: what is available); a statement that needs "
                 "more stays open")
      ->transform(number_at_least(0))
      ->type_name("GB");
  CLI::Option* certificate =
      app.add_option("--certificate", options->certificate,
                     "write what was proved so that it can be checked without a search")
          ->type_name("FILE.json");
  app.add_flag(
         "--resume", options->resume,
         "take over what this certificate, of a run that was ended early, has decided, and what is "
         "kept beside it of the statement that was being worked on")
      ->needs(certificate);
  choices(app.get_option("--task"), interp::names_of(tasks::task_entries()));
  choices(app.get_option("--statement"), proofs::statement_names());
  add_page_option(app, options->page);
  add_common_options(app, options->common);
  refuse_other_devices(app);
  app.footer(
      "Exit codes: 0 all that was asked is proved, 1 something is refuted by an input, 3 something "
      "is open.\n"
      "\nExample:\n"
      "  assay prove --model tasks/two_sat/reference/model.safetensors \\\n"
      "    --interpretation tasks/two_sat/reference/trees.json --attack 0");
  return [options] { return run_prove(*options); };
}

}  // namespace assay::tools
