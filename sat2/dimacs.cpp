#include "sat2/dimacs.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace assay::sat2 {
namespace {

int dimacs_literal(const Literal& literal) {
  return literal.negated ? -(literal.variable + 1) : literal.variable + 1;
}

/// Clauses are read as a stream of numbers, since DIMACS lets one span lines or share a line.
class DimacsReader {
 public:
  Formula formula(std::string_view text) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
      ++line_;
      std::vector<std::string> words = words_of(line);
      if (words.empty() || words[0].starts_with('c')) continue;
      if (formula_.variables == 0) {
        read_header(words, line);
      } else {
        for (const std::string& word : words) read_number(word);
      }
    }
    expect_complete();
    validate(formula_);
    return std::move(formula_);
  }

 private:
  static std::vector<std::string> words_of(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
  }

  void read_header(const std::vector<std::string>& words, const std::string& line) {
    if (words.size() != 4 || words[0] != "p" || words[1] != "cnf") {
      refuse(fmt::format("'{}'", line), "'p cnf <variables> <clauses>'");
    }
    formula_.variables = number(words[2], 1, kMaxVariables, "variables");
    clauses_ = number(words[3], 0, std::numeric_limits<int>::max(), "clauses");
  }

  void read_number(const std::string& word) {
    const int literal = number(word, -formula_.variables, formula_.variables, "a literal or 0");
    if (literal != 0) {
      pending_.push_back({std::abs(literal) - 1, literal < 0});
      return;
    }
    if (pending_.size() != 2) {
      refuse(fmt::format("a clause of length {}", pending_.size()), "length 2");
    }
    formula_.clauses.push_back({pending_[0], pending_[1]});
    pending_.clear();
  }

  int number(const std::string& word, int min, int max, std::string_view what) const {
    int number = 0;
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, number);
    if (read != std::from_chars_result{end, std::errc()} || number < min || number > max) {
      refuse(fmt::format("'{}'", word), fmt::format("{} from {} to {}", what, min, max));
    }
    return number;
  }

  void expect_complete() const {
    if (formula_.variables == 0) refuse("the end", "'p cnf <variables> <clauses>'");
    if (!pending_.empty()) refuse("the end", "0 after the last clause");
    if (formula_.clauses.size() != clauses_) {
      refuse(fmt::format("the end after clause {}", formula_.clauses.size()),
             fmt::format("{} clauses", clauses_));
    }
  }

  [[noreturn]] void refuse(std::string_view found, std::string_view expected) const {
    throw std::invalid_argument(
        fmt::format("line {}: found {}, expected {}", line_, found, expected));
  }

  Formula formula_;  // its variables are 0 until the header is read
  size_t clauses_ = 0;
  std::vector<Literal> pending_;  // of the clause that no 0 has ended yet
  int line_ = 0;
};

}  // namespace

std::string to_dimacs(const Formula& formula) {
  std::string text = fmt::format("p cnf {} {}\n", formula.variables, formula.clauses.size());
  for (const auto& [left, right] : formula.clauses) {
    text += fmt::format("{} {} 0\n", dimacs_literal(left), dimacs_literal(right));
  }
  return text;
}

Formula parse_dimacs(std::string_view text) {
  return DimacsReader().formula(text);
}

}  // namespace assay::sat2
