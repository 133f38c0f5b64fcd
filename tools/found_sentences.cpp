#include "tools/found_sentences.h"

#include <fmt/format.h>

#include <stdexcept>

#include "axioms/claim.h"
#include "axioms/report.h"
#include "interp/files/json_shape.h"
#include "sat2/text.h"
#include "tools/plural.h"
#include "tools/verdict_words.h"

namespace assay::tools {
namespace {

/// What would be a failure, as a sentence goes on: "the network’s answer is wrong".
std::string failure_sought(const AttackRecord& record) {
  if (record.row == "answer") return "the network’s answer is wrong";
  const size_t dot = record.row.rfind('.');
  if (dot == record.row.npos)
    throw std::invalid_argument(fmt::format("field 'row': expected `answer` or NODE.PE, found '{}'",
                                            interp::cut_short(record.row, 60)));
  axioms::ReportRow row;
  row.node = record.row.substr(0, dot);
  row.axiom = axioms::axiom_named(record.row.substr(dot + 1));
  return failure_in_words(row);
}

std::string assignment_words(const std::vector<bool>& model) {
  std::string text;
  for (size_t i = 0; i < model.size(); ++i)
    text += fmt::format("{}x{} = {}", i == 0 ? "" : ", ", i, model[i] ? 1 : 0);
  return text;
}

/// Of a circuit beside the true one: what it finds, and what it takes for true.
std::string recall_sentence(const CircuitComparison& comparison) {
  const auto wrong = std::ssize(comparison.only_a);
  return fmt::format(
      "A finds {} of the {} of the true circuit, and {}.", grouped(comparison.shared),
      counted(comparison.b.edges, "edge"),
      wrong == 0 ? "none that is not in it"
                 : fmt::format("{} that {} not in it", grouped(wrong), wrong == 1 ? "is" : "are"));
}

}  // namespace

std::vector<TextPiece> attack_sentence(const AttackRecord& record, const tasks::Task* task) {
  const std::string failure = failure_sought(record);
  if (!record.input) {
    if (record.runs == 0) return {{"No input was tried."}};
    return {
        {fmt::format("No input was found on which {}. One may still be there: only a proof "
                     "excludes it.",
                     failure)}};
  }
  std::vector<TextPiece> text = {{"An input was found", true},
                                 {fmt::format(" on which {}.", failure)}};
  if (!record.network || !record.right) return text;
  text.push_back({" The network was run on it and answers "});
  text.push_back({answer_in_prose(task, *record.network), true});
  if (*record.network == *record.right) {
    text.push_back({"; that is right, all the same."});
  } else {
    text.push_back({"; right is "});
    text.push_back({answer_in_prose(task, *record.right), true});
    text.push_back({"."});
  }
  return text;
}

std::vector<TextPiece> place_sentence(const axioms::Alignment& alignment, const tasks::Task& task) {
  if (alignment.candidates.empty())
    return {{"No place on the way to the answer varies with "}, {alignment.node, true}, {"."}};
  const axioms::AlignmentCandidate& best = alignment.candidates.front();
  const std::string place = fmt::format(
      "{}: when {} of it {} exchanged for another input’s, the network follows in {} of {} pairs.",
      place_words(task, to_string(best.site)), counted(best.dimensions, "dimension"),
      best.dimensions == 1 ? "is" : "are", grouped(best.exchanged.n - best.exchanged.failures),
      grouped(best.exchanged.n));
  if (!alignment.is_found())
    return {{alignment.node, true}, {" was not found. The best candidate is " + place}};
  return {{"The place of "}, {alignment.node, true}, {" is " + place}};
}

int64_t edges_in_either(const CircuitComparison& comparison) {
  return comparison.shared + std::ssize(comparison.only_a) + std::ssize(comparison.only_b);
}

std::string overlap_sentence(const CircuitComparison& comparison) {
  if (comparison.truth) return recall_sentence(comparison);
  const int64_t either = edges_in_either(comparison);
  if (either == 0) return "Both circuits are empty.";
  if (comparison.shared == either)
    return fmt::format("Both circuits have the same {}.", counted(either, "edge"));
  const auto contains = [](const char* one, const char* other) {
    return fmt::format(" Every edge of {} is in {}, too.", one, other);
  };
  return fmt::format("Of {} in either circuit {} in both.{}", counted(either, "edge"),
                     comparison.shared == 0   ? "none is"
                     : comparison.shared == 1 ? "1 is"
                                              : grouped(comparison.shared) + " are",
                     comparison.only_a.empty()   ? contains("A", "B")
                     : comparison.only_b.empty() ? contains("B", "A")
                                                 : "");
}

std::vector<TextPiece> solution_sentence(const SolutionRecord& record) {
  if (record.satisfiable)
    return {{"Satisfiable.", true},
            {" All clauses are true when " +
             assignment_words(record.model.value_or(std::vector<bool>())) + "."}};
  const auto clauses = std::ssize(sat2::parse_formula(record.formula).clauses);
  const auto core = std::ssize(record.unsatisfiable_core.value_or(std::vector<int64_t>()));
  return {{"Unsatisfiable.", true},
          {fmt::format(" {} of the {} contradict each other, and each of them is needed.", core,
                       counted(clauses, "clause"))}};
}

}  // namespace assay::tools
