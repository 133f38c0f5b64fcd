#include "tools/validation_proofs.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "axioms/proofs/attack.h"
#include "axioms/proofs/certificate_reader.h"
#include "axioms/proofs/prove.h"
#include "axioms/report_fields.h"
#include "tools/interrupt.h"
#include "tools/memory.h"
#include "tools/numbers.h"
#include "tools/progress.h"
#include "tools/prove_text.h"

namespace assay::tools {
namespace {

using circuits::Node;
using proofs::Statement;

constexpr int64_t kLinesAtOnce = 4096;

/// Nodes in the order of the program. @throws std::invalid_argument if the output is not the last.
std::vector<Node> nodes_in_order(const tasks::Subject& subject) {
  const auto& nodes = subject.interpretation().nodes;
  std::vector<Node> ordered;
  for (const circuits::Step& step : subject.program.steps)
    ordered.push_back(*std::ranges::find(nodes, step.name, &Node::name));
  if (subject.program.output + 1 != ordered.size())
    throw std::invalid_argument(fmt::format(
        "the interpretation: nodes follow its output {}, for which nothing is proved of rows",
        subject.interpretation().output));
  return ordered;
}

// What draws inputs from the task draws them from its first domain; the lines of a file may be
// anything.
/// @param what  is proved, for the message.
void require_holds(const std::string& what, const proofs::Domain& domain, const tasks::Task& task,
                   const ValidationInputs& inputs) {
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument(fmt::format("{}: it is about the domain '{}' ({}), and {}", what,
                                            domain.name, domain.words, why));
  };
  if (!inputs.facts.contains("path")) {
    if (!domain.includes(task.need<tasks::Specification>().domains.front().domain))
      refuse(fmt::format("that does not hold all inputs that {} draws", task.name()));
    return;
  }
  for (int64_t first = 0; first < inputs.count; first += kLinesAtOnce) {
    const at::Tensor tokens = inputs.tokens(first, std::min(kLinesAtOnce, inputs.count - first));
    for (int64_t row = 0; row < tokens.size(0); ++row)
      if (tokens.size(1) != domain.length || !domain.holds(tokens[row]))
        refuse(fmt::format("input {} of {} is not in that", first + row + 1,
                           inputs.facts["path"].get<std::string>()));
  }
}

axioms::Proofs proofs_of(const proofs::Domain& domain, const std::vector<Statement>& statements,
                         const tasks::Subject& subject) {
  axioms::Proofs all{
      .domain = domain.name, .words = domain.words, .inputs = domain.inputs_in_words()};
  for (const Statement& statement : statements)
    if (statement.statement != proofs::kOutput) all.statements.push_back(recorded(statement));
  all.rows = rows_following(all.statements, nodes_in_order(subject), *subject.task);
  return all;
}

std::vector<Statement> prove_for_rows(const proofs::Study& study, const CommonOptions& common) {
  Progress line(common.quiet);
  return proofs::prove(study, {.rows_only = true,
                               .attack_seconds = 0,
                               .on_progress = [&](const std::string& what, int64_t done,
                                                  int64_t of) { line.count(done, of, what); },
                               .stop = &watch_interrupts(),
                               .most_bytes = available_memory()});
}

axioms::Proofs from_certificate(const std::filesystem::path& path, const Question& question,
                                const tasks::Subject& subject, const ValidationInputs& inputs) {
  const proofs::Certificate certificate = proofs::read_certificate(
      path, {question.model, question.interpretation}, subject.interpretation());
  require_holds(path.string(), certificate.domain, *subject.task, inputs);
  axioms::Proofs all = proofs_of(certificate.domain, certificate.statements, subject);
  all.certificate = {path.string(), certificate.sha256};
  return all;
}

// --- the worst case

axioms::Search searched(const std::string& of, const proofs::Attack& attack,
                        const proofs::Study& study, const tasks::Task& task) {
  axioms::Search search{.of = of, .runs = attack.runs, .climbs = attack.climbs};
  if (!attack.found) {
    search.words = attack.closest.defined() ? fmt::format("none found; the closest was {:.4g} away",
                                                          -attack.closest_value)
                                            : "no input was tried";
    return search;
  }
  search.found = task.to_text(*attack.found);
  search.words = of + " fails";
  if (of == "answer") {
    const at::Tensor row = attack.found->unsqueeze(0);
    const int64_t network = study.network_answers(row).item<int64_t>();
    search.words = fmt::format("the network's answer is {} and the right one {}",
                               network < 0 ? "a tie" : task.answer_name(network),
                               task.answer_name(study.right(row).item<int64_t>()));
  }
  return search;
}

/// Claimed rows that no input has made fail, and no proof keeps from failing.
std::vector<std::string> rows_to_attack(const axioms::Report& report,
                                        const tasks::Subject& subject) {
  std::vector<std::string> rows;
  for (const axioms::ReportRow& row : report.rows) {
    const axioms::ReportRow& evidence = axioms::evidence_of(report, row);
    if (!row.claim || row.answer || row.never || evidence.estimate.failures > 0) continue;
    const auto step =
        std::ranges::find(subject.program.steps, evidence.node, &circuits::Step::name);
    const bool by_value =
        evidence.axiom == axioms::Axiom::PE || evidence.axiom == axioms::Axiom::CE;
    if ((by_value && !step->equality) || std::ranges::count(rows, evidence.name()) > 0) continue;
    rows.push_back(evidence.name());
  }
  return rows;
}

}  // namespace

void add_proof_options(CLI::App& app, ProofOptions& options) {
  CLI::Option* prove = app.add_flag(
      "--prove", options.prove,
      "prove first what can be proved of the rows: what never fails needs no inputs, and rows that "
      "are equal are counted once");
  app.add_option("--certificate", options.certificate,
                 "take what `assay prove --certificate` has proved; it is not checked again")
      ->excludes(prove)
      ->type_name("FILE.json");
  app.add_option("--attack", options.attack,
                 "look this long for an input that is answered wrongly, and for one on which each "
                 "claimed row fails that has not failed; no verdict rests on it")
      ->transform(number_at_least(0))
      ->type_name("SECONDS");
}

axioms::ProvedStatement recorded(const Statement& statement) {
  axioms::ProvedStatement record{.statement = statement.statement,
                                 .node = statement.node,
                                 .verdict = proofs::to_string(statement.verdict),
                                 .words = statement.words};
  if (statement.margin) record.margin = std::floor(*statement.margin * 1e6) / 1e6;
  if (statement.float32) record.float32_error = std::ceil(statement.float32->error * 1e6) / 1e6;
  return record;
}

std::vector<axioms::ProvedRows> rows_following(
    const std::vector<axioms::ProvedStatement>& statements, const std::vector<Node>& nodes,
    const tasks::Task& task) {
  std::vector<Statement> known;
  for (const axioms::ProvedStatement& record : statements) {
    Statement statement{.statement = record.statement, .node = record.node};
    if (record.proved_as_it_runs()) statement.verdict = proofs::Verdict::Proved;
    statement.margin = record.margin;
    known.push_back(std::move(statement));
  }
  proofs::RowsOf of{.nodes = nodes, .output = nodes.back().name, .order_free = {}};
  if (const auto* specification = task.get<tasks::Specification>())
    of.order_free = specification->knowledge.order_free;
  std::vector<axioms::ProvedRows> rows;
  for (const proofs::EqualRows& equal : proofs::equal_rows(of, known))
    rows.push_back({equal.rows, equal.never, equal.margin, equal.because});
  return rows;
}

void require_rows_follow(const axioms::Report& report, const tasks::Task& task) {
  if (!report.proofs) return;
  std::vector<Node> nodes;
  for (const axioms::ReportNode& node : report.nodes) {
    const axioms::Definition& said = node.definition;
    nodes.push_back({.name = node.name,
                     .parents = said.parents,
                     .sites = {},
                     .reads = {},
                     .h = {said.h.operation, said.h.parameters, {}},
                     .alpha = {said.alpha.operation, said.alpha.parameters, {}},
                     .gamma = {said.gamma.operation, said.gamma.parameters, {}},
                     .equality = {node.equality.substr(0, node.equality.find(", ")), {}, {}}});
  }
  const auto follows = rows_following(report.proofs->statements, nodes, task);
  if (interp::write_record(follows) != interp::write_record(report.proofs->rows))
    throw std::invalid_argument(
        "field 'proofs.rows': they are not those that follow from field 'proofs.statements'");
}

std::vector<std::string> nodes_not_replaced(const std::optional<axioms::Proofs>& proofs,
                                            const circuits::Interpretation& interpretation) {
  std::vector<std::string> nodes;
  for (const Node& node : interpretation.nodes)
    if (axioms::left_out(proofs, node.name, axioms::Axiom::PR)) nodes.push_back(node.name);
  return nodes;
}

std::optional<axioms::Proofs> proofs_for(const ProofOptions& options, const Question& question,
                                         const tasks::Subject& subject,
                                         const ValidationInputs& inputs,
                                         const CommonOptions& common) {
  if (options.attack) {
    subject.task->need<tasks::Specification>();
    if (common.device != "cpu") throw std::invalid_argument("--attack: it runs on the cpu alone");
  }
  if (!options.prove && options.certificate.empty()) return std::nullopt;
  if (!options.prove) return from_certificate(options.certificate, question, subject, inputs);
  const proofs::Study study = study_of(subject, "");
  require_holds("--prove", study.domain(), *subject.task, inputs);
  return proofs_of(study.domain(), prove_for_rows(study, common), subject);
}

void print_proofs(const axioms::Proofs& all, const Question& question, const Console& console) {
  for (const axioms::ProvedStatement& statement : all.statements)
    console.fact(statement.verdict,
                 fmt::format("{}{}{}: {}", statement.node, statement.node.empty() ? "" : " ",
                             statement.statement, statement.words));
  if (!all.certificate) {
    console.fact("proofs", "made in this run");
    return;
  }
  console.fact("certificate",
               fmt::format("{} ({}): not checked here; assay-check {} --model {} --interpretation "
                           "{} checks it",
                           all.certificate->path, all.certificate->sha256.substr(0, 12),
                           all.certificate->path, question.model.string(),
                           question.interpretation.string()));
}

axioms::WorstCase worst_case(const ProofOptions& options, const tasks::Subject& subject,
                             const axioms::Report& report, const CommonOptions& common) {
  const proofs::Study study = study_of(subject, "");
  axioms::WorstCase worst{.seconds = *options.attack,
                          .seed = common.seed.value_or(0),
                          .domain = domain_text(study.domain())};
  Progress line(common.quiet);
  const auto search = [&](const std::string& of) {
    const proofs::AttackOptions how{.seconds = worst.seconds,
                                    .seed = worst.seed,
                                    .stop = &watch_interrupts(),
                                    .on_progress = [&](double seconds, double closest) {
                                      line.show([&] {
                                        return fmt::format(
                                            "worst case of {}: {:.0f} of {:.0f} s, closest {:.4g}",
                                            of, seconds, worst.seconds, closest);
                                      });
                                    }};
    const proofs::Attack attack =
        of == "answer" ? proofs::attack_answer(study, how) : proofs::attack_row(study, of, how);
    worst.searches.push_back(searched(of, attack, study, *subject.task));
  };
  search("answer");
  for (const std::string& row : rows_to_attack(report, subject))
    if (!watch_interrupts()) search(row);
  return worst;
}

}  // namespace assay::tools
