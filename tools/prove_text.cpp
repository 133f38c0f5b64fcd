#include "tools/prove_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "interp/names.h"
#include "tools/plural.h"

namespace assay::tools {
namespace {

using proofs::Statement;
using proofs::Verdict;

Tone tone_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Proved:
      return Tone::Good;
    case Verdict::Refuted:
      return Tone::Bad;
    case Verdict::Open:
      break;
  }
  return Tone::Caution;
}

std::string name_of(const Statement& statement) {
  if (statement.node.empty()) return statement.statement;
  return fmt::format("{}: {}", statement.node, statement.statement);
}

// A domain may hold inputs that the task does not have and cannot write: then their tokens.
std::string text_of(const at::Tensor& input, const proofs::Study& study, const tasks::Task& task) {
  if (study.is_input(input)) return task.to_text(input);
  std::vector<std::string> names;
  for (int64_t i = 0; i < input.numel(); ++i)
    names.push_back(task.token_name(input[i].item<int64_t>()));
  return fmt::format("{}", fmt::join(names, " "));
}

// Cases for people: the alternative and the input that comes closest as text.
CaseRecord record_of(const nlohmann::ordered_json& one, const proofs::Study& study,
                     const tasks::Task& task) {
  const proofs::Slot& slot = study.domain().slots.at(one["slot"].get<size_t>());
  CaseRecord record{.position = one["position"],
                    .text = {},
                    .verdict = one["verdict"],
                    .margin = {},
                    .closest = {}};
  for (const int64_t token : slot.alternatives.at(one["alternative"].get<size_t>()))
    record.text += (record.text.empty() ? "" : " ") + task.token_name(token);
  if (one["margin"].is_number() && std::isfinite(one["margin"].get<double>()))
    record.margin = one["margin"].get<double>();
  if (one["worst"].is_array())
    record.closest = text_of(torch::tensor(one["worst"].get<std::vector<int64_t>>(), torch::kInt64),
                             study, task);
  return record;
}

void add_witness(StatementRecord& record, const at::Tensor& witness, const proofs::Study& study,
                 const tasks::Task& task) {
  const at::Tensor row = witness.unsqueeze(0);
  const int64_t network = study.network_answers(row).item<int64_t>();
  record.input = text_of(witness, study, task);
  record.network = network < 0 ? "a tie" : task.answer_name(network);
  record.right = task.answer_name(study.right(row).item<int64_t>());
}

/// The input of the least margin, where all of them were gone through.
std::optional<std::string> closest_text(const Statement& statement, const proofs::Study& study,
                                        const tasks::Task& task) {
  if (!statement.proof.is_object() || !statement.proof.contains("at")) return std::nullopt;
  return text_of(torch::tensor(statement.proof["at"].get<std::vector<int64_t>>()), study, task);
}

StatementRecord record_of(const Statement& statement, const proofs::Study& study,
                          const tasks::Task& task) {
  StatementRecord record{.statement = statement.statement,
                         .node = {},
                         .verdict = proofs::to_string(statement.verdict),
                         .words = statement.words,
                         .margin = statement.margin,
                         .cpu_seconds = statement.cpu_seconds,
                         .cases = {},
                         .proof = {},
                         .closest = {},
                         .float32 = {},
                         .input = {},
                         .network = {},
                         .right = {}};
  if (!statement.node.empty()) record.node = statement.node;
  if (statement.proof.is_object() && statement.proof.contains("cases")) {
    record.cases.emplace();
    for (const auto& one : statement.proof["cases"])
      record.cases->push_back(record_of(one, study, task));
  } else if (!statement.proof.is_null()) {
    record.proof = statement.proof;
  }
  record.closest = closest_text(statement, study, task);
  if (statement.float32) record.float32 = {statement.float32->error, statement.float32->words};
  if (statement.witness) add_witness(record, *statement.witness, study, task);
  return record;
}

const proofs::Specified& domain_named(const tasks::Specification& known, const std::string& name) {
  if (name.empty()) return known.domains.front();
  std::vector<std::string> names;
  for (const proofs::Specified& specified : known.domains) {
    if (specified.domain.name == name) return specified;
    names.push_back(specified.domain.name);
  }
  interp::refuse_name("domain", name, names);
}

}  // namespace

proofs::Study study_of(const tasks::Subject& subject, const std::string& domain) {
  const auto& known = subject.task->need<tasks::Specification>();
  return {.network = *subject.model.model,
          .interpretation = subject.interpretation(),
          .program = subject.program,
          .specified = domain_named(known, domain),
          .knowledge = known.knowledge,
          .answers = subject.task->answers()};
}

std::string right_text(const proofs::Specification& specification, const tasks::Task& task) {
  if (const auto* some = std::get_if<proofs::Survivors>(&specification))
    return fmt::format(
        "{} if some one of {} assignments is excluded by no part of the input, otherwise {}",
        task.answer_name(some->some), some->width, task.answer_name(some->none));
  if (const auto* sum = std::get_if<proofs::SumModulo>(&specification))
    return fmt::format("the sum of the numbers modulo {}", sum->modulus);
  const auto& automaton = std::get<proofs::Automaton>(specification);
  std::map<int64_t, int64_t> states;
  for (const int64_t answer : automaton.answers) ++states[answer];
  std::vector<std::string> ends;
  for (const auto& [answer, count] : states)
    ends.push_back(fmt::format("{} in {}", task.answer_name(answer), grouped(count)));
  return fmt::format(
      "what a finite automaton says that reads the input token by token: at the end the answer is "
      "{} of its {} states",
      fmt::join(ends, ", "), grouped(std::ssize(automaton.answers)));
}

std::string domain_text(const proofs::Domain& domain) {
  return fmt::format("{}: {} ({} inputs)", domain.name, domain.words, domain.inputs_in_words());
}

void print_rows(const std::vector<proofs::EqualRows>& rows, const Console& console) {
  if (rows.empty()) return;
  console.line();
  console.line(console.paint("What follows for the rows of a validation", Tone::Bold));
  for (const proofs::EqualRows& equal : rows)
    console.fact("", fmt::format("{} (proved: {})", proofs::to_string(equal), equal.because));
}

void print_times(const std::vector<Statement>& statements, const Console& console) {
  std::vector<std::string> times;
  for (const Statement& statement : statements)
    if (statement.cpu_seconds)
      times.push_back(fmt::format("{} {:.2f} s", name_of(statement), *statement.cpu_seconds));
  if (!times.empty()) console.fact("CPU time", fmt::format("{}", fmt::join(times, ", ")));
}

std::string proofs_sentence(const std::vector<std::string>& verdicts) {
  const auto count = [&](const char* verdict) { return std::ranges::count(verdicts, verdict); };
  const auto are = [](int64_t n, const char* what) {
    return fmt::format("{} {} {}", n, n == 1 ? "is" : "are", what);
  };
  const int64_t proved = count("proved"), refuted = count("refuted"), open = count("open");
  std::string text =
      fmt::format("{} of {} {} proved", proved, counted(std::ssize(verdicts), "statement"),
                  proved == 1 ? "is" : "are");
  if (refuted > 0) text += ", " + are(refuted, "refuted");
  if (open > 0) text += ", " + are(open, "open");
  return text;
}

void print_statements(const std::vector<Statement>& statements, const proofs::Study& study,
                      const tasks::Task& task, const Console& console) {
  std::vector<std::string> verdicts;
  for (const Statement& statement : statements)
    verdicts.push_back(proofs::to_string(statement.verdict));
  console.line(proofs_sentence(verdicts) + ".");
  for (const Statement& statement : statements) {
    console.line();
    console.print("{}  {}",
                  console.paint(fmt::format("{:<8}", proofs::to_string(statement.verdict)),
                                tone_of(statement.verdict)),
                  console.paint(name_of(statement), Tone::Bold));
    console.fact("", statement.words);
    if (statement.proof.is_object() && statement.proof.contains("least_margin") &&
        statement.proof["least_margin"].is_number())
      if (const auto closest = closest_text(statement, study, task))
        console.fact("closest", *closest);
    if (statement.float32) console.fact("in float32", statement.float32->words);
    if (statement.witness) console.fact("input", task.to_text(*statement.witness));
  }
}

std::vector<StatementRecord> records_of(const std::vector<Statement>& statements,
                                        const proofs::Study& study, const tasks::Task& task) {
  std::vector<StatementRecord> records;
  for (const Statement& statement : statements)
    records.push_back(record_of(statement, study, task));
  return records;
}

}  // namespace assay::tools
