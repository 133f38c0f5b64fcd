#include "sat2/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>
#include <vector>

namespace assay::sat2 {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kMarks = "():";
constexpr std::string_view kWordEnds = " \t\r\n():";

/// Recursive descent with one word of lookahead. A word is a mark or a run of anything else; the
/// end of the text is the empty word.
class FormulaReader {
 public:
  FormulaReader(std::string_view text, int variables) : text_(text), variables_(variables) {
    advance();
  }

  std::vector<Clause> clauses() {
    std::vector<Clause> clauses = {clause()};
    while (word_ == "(") clauses.push_back(clause());
    if (word_.empty()) return clauses;
    if (word_ != ":") refuse("'(', ':' or the end");
    advance();
    if (!word_.empty()) refuse("the end");
    return clauses;
  }

 private:
  Clause clause() {
    take("(");
    const Literal left = literal();
    const Literal right = literal();
    take(")");
    return {left, right};
  }

  Literal literal() {
    if (word_ != "Not") return {variable("a literal over"), false};
    advance();
    take("(");
    const int negated = variable("one of");
    take(")");
    return {negated, true};
  }

  int variable(std::string_view what) {
    unsigned number = 0;
    const char* end = word_.data() + word_.size();
    const bool is_variable =
        word_.starts_with('x') &&
        std::from_chars(word_.data() + 1, end, number) == std::from_chars_result{end, std::errc()};
    if (!is_variable || number >= static_cast<unsigned>(variables_)) {
      refuse(fmt::format("{} x0 to x{}", what, variables_ - 1));
    }
    advance();
    return static_cast<int>(number);
  }

  void take(std::string_view mark) {
    if (word_ != mark) refuse(fmt::format("'{}'", mark));
    advance();
  }

  void advance() {
    begin_ = std::min(text_.find_first_not_of(kBlanks, begin_ + word_.size()), text_.size());
    const std::string_view rest = text_.substr(begin_);
    const bool at_mark = !rest.empty() && kMarks.find(rest.front()) != kMarks.npos;
    word_ = rest.substr(0, at_mark ? 1 : rest.find_first_of(kWordEnds));
  }

  [[noreturn]] void refuse(std::string_view expected) const {
    const std::string found = word_.empty() ? "the end" : fmt::format("'{}'", word_);
    throw std::invalid_argument(
        fmt::format("column {}: found {}, expected {}", begin_ + 1, found, expected));
  }

  std::string_view text_;
  int variables_;
  std::string_view word_;  // the next word, at begin_
  size_t begin_ = 0;
};

int variables_in(const std::vector<Clause>& clauses) {
  int variables = 0;
  for (const auto& [left, right] : clauses) {
    variables = std::max({variables, left.variable + 1, right.variable + 1});
  }
  return variables;
}

}  // namespace

std::string to_string(const Literal& literal) {
  return literal.negated ? fmt::format("Not(x{})", literal.variable)
                         : fmt::format("x{}", literal.variable);
}

std::string to_string(const Clause& clause) {
  return fmt::format("( {} {} )", to_string(clause.left), to_string(clause.right));
}

std::string to_string(const Formula& formula) {
  std::string text;
  for (const Clause& clause : formula.clauses) text += to_string(clause) + ' ';
  return text + ':';
}

Formula parse_formula(std::string_view text, int variables) {
  if (variables != 0) validate(Formula{variables, {}});
  auto clauses = FormulaReader(text, variables == 0 ? kMaxVariables : variables).clauses();
  Formula formula{variables == 0 ? variables_in(clauses) : variables, std::move(clauses)};
  validate(formula);
  return formula;
}

}  // namespace assay::sat2
