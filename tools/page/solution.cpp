// A formula: whether all of its clauses can be true at once, and why. A model is shown at work
// clause by clause. A contradiction is told as a person would find it: suppose that a variable is
// true, follow what that forces until it is false, then suppose that it is false. A minimal
// contradiction of clauses of two literals always has such a variable, since it has a literal on
// one cycle of implications with its negation (Aspvall, Plass, Tarjan 1979).

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "sat2/formula.h"
#include "sat2/text.h"
#include "tasks/page/html.h"
#include "tools/found_sentences.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"

namespace assay::tools::page {
namespace {

using sat2::Clause;
using sat2::Formula;
using sat2::Literal;
using tasks::page::span;
using tasks::page::tag;

Literal negation(const Literal& literal) {
  return {literal.variable, !literal.negated};
}

std::string literal_words(const Literal& literal) {
  return fmt::format("x{} is {}", literal.variable, literal.negated ? "false" : "true");
}

std::string clause_words(const Clause& clause) {
  const auto one = [](const Literal& literal) {
    return fmt::format("{}x{}", literal.negated ? "¬" : "", literal.variable);
  };
  return one(clause.left) + " ∨ " + one(clause.right);
}

Html clause_chip(const Clause& clause, bool marked) {
  return span(marked ? "cl on" : "cl", clause_words(clause));
}

// --- satisfiable

Json clauses_table(const Formula& formula, const std::vector<bool>& model) {
  const auto is_true = [&](const Literal& literal) {
    return model.at(static_cast<size_t>(literal.variable)) != literal.negated;
  };
  Json lines = Json::array();
  for (const Clause& clause : formula.clauses) {
    std::string why;
    for (const Literal& literal : {clause.left, clause.right})
      if (is_true(literal)) why += (why.empty() ? "" : ", ") + literal_words(literal);
    lines.push_back({clause_words(clause), "true: " + why});
  }
  return table("Every clause has a literal that is true.", {{"clause", false}, {"why", false}},
               lines);
}

// --- unsatisfiable

struct Forced {
  Literal literal;
  const Clause* by = nullptr;
};

/// What `from` forces, one literal after the other, up to its own negation; empty if it does not.
/// Breadth first, so that no shorter way is there.
std::vector<Forced> contradiction_of(const Literal& from, const std::vector<Clause>& clauses) {
  std::vector<Forced> reached = {{from}};
  std::vector<size_t> reached_from = {0};
  for (size_t at = 0; at < reached.size(); ++at) {
    for (const Clause& clause : clauses)
      for (const auto& [one, other] :
           {std::pair(clause.left, clause.right), std::pair(clause.right, clause.left)}) {
        if (one != negation(reached[at].literal)) continue;
        if (std::ranges::count(reached, other, &Forced::literal) > 0) continue;
        reached.push_back({other, &clause});
        reached_from.push_back(at);
        if (other != negation(from)) continue;
        std::deque<Forced> path;
        for (size_t step = reached.size() - 1; step > 0; step = reached_from[step])
          path.push_front(reached[step]);
        return {path.begin(), path.end()};
      }
  }
  return {};
}

Html supposition(const Literal& from, const std::vector<Forced>& steps) {
  Html lines = tag("li", "Suppose " + literal_words(from) + ".");
  for (size_t i = 0; i < steps.size(); ++i)
    lines += tag("li", Html("Then " + literal_words(steps[i].literal) + ", since ") +
                           clause_chip(*steps[i].by, true) +
                           (i + 1 == steps.size() ? ": a contradiction." : ""));
  return tag("ol", {{"class", "plain"}}, lines);
}

/// Both suppositions about one variable, as short as there are.
Html argument(const std::vector<Clause>& core) {
  Html shortest;
  size_t steps = 0;
  for (int variable = 0; variable < sat2::kMaxVariables; ++variable) {
    const Literal yes{variable, false}, no{variable, true};
    const auto if_yes = contradiction_of(yes, core), if_no = contradiction_of(no, core);
    if (if_yes.empty() || if_no.empty()) continue;
    if (steps > 0 && if_yes.size() + if_no.size() >= steps) continue;
    steps = if_yes.size() + if_no.size();
    shortest = tag("div", {{"class", "two"}}, supposition(yes, if_yes) + supposition(no, if_no));
  }
  return shortest;
}

Json formula_block(const Formula& formula, const std::vector<int64_t>& core) {
  Html chips;
  for (size_t c = 0; c < formula.clauses.size(); ++c)
    chips += clause_chip(formula.clauses[c], std::ranges::count(core, int64_t(c)) > 0) + " ";
  return tasks::page::block(tag("p", {{"class", "formula"}}, chips));
}

// --- the answer

std::string word(bool satisfiable) {
  return satisfiable ? "satisfiable" : "unsatisfiable";
}

KeyFact network_fact(const NetworkAnswerRecord& network, bool satisfiable) {
  if (!network.satisfiable) return {"a tie", "the network prefers neither answer"};
  return {word(*network.satisfiable),
          fmt::format("is what the network answers, which is {}; it leads by {:.3g} in log-odds",
                      *network.satisfiable == satisfiable ? "right" : "wrong",
                      std::abs(network.logit_difference))};
}

Json solution_headline(const SolutionRecord& record, const Formula& formula) {
  std::vector<KeyFact> key = {
      {counted(std::ssize(formula.clauses), "clause"), "all of which must be true at once"},
      {counted(formula.variables, "variable"), "each of which is true or false"},
      {"3 of 3", "solvers agree: a truth table, the implication graph, and Z3"}};
  if (record.network) key.push_back(network_fact(*record.network, record.satisfiable));
  return headline(in_html(solution_sentence(record)), key);
}

}  // namespace

std::optional<Section> solution_section(const Run& run) {
  if (run.kind != "solution") return std::nullopt;
  const auto record = interp::read_record<SolutionRecord>(run.report, "the solution");
  const Formula formula = sat2::parse_formula(record.formula);
  const std::vector<int64_t> core = record.unsatisfiable_core.value_or(std::vector<int64_t>());
  Section section{.title = "The answer", .run = {}};
  section.blocks.push_back(solution_headline(record, formula));
  section.blocks.push_back(heading("The formula"));
  section.blocks.push_back(formula_block(formula, core));
  section.blocks.push_back(heading("Why"));
  if (record.satisfiable) {
    section.blocks.push_back(clauses_table(formula, *record.model));
    return section;
  }
  std::vector<Clause> clauses;
  for (const int64_t clause : core) clauses.push_back(formula.clauses.at(size_t(clause)));
  section.blocks.push_back(tasks::page::block(argument(clauses)));
  return section;
}

}  // namespace assay::tools::page
