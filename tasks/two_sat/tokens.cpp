#include "tasks/two_sat/tokens.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "sat2/text.h"

namespace assay::tasks::two_sat {

std::string Tokens::name(int64_t token) const {
  if (token < 0 || token >= d_vocab())
    throw std::invalid_argument(fmt::format("token {} is out of range [0, {})", token, d_vocab()));
  if (token < n_literals()) return sat2::to_string(literal_of(token));
  static constexpr const char* kNames[] = {"(", ")", ":", "s", "u", "#"};
  return kNames[token - n_literals()];
}

sat2::Literal Tokens::literal_of(int64_t token) const {
  return {.variable = static_cast<int>(token % variables), .negated = token >= variables};
}

void write_tokens(const sat2::Formula& formula, int64_t clauses, int64_t* row) {
  const Tokens tokens{formula.variables};
  const auto written = static_cast<int64_t>(formula.clauses.size());
  row = std::fill_n(row, n_ctx(clauses) - n_ctx(written), tokens.padding());
  for (const sat2::Clause& clause : formula.clauses) {
    *row++ = tokens.open();
    *row++ = tokens.literal(clause.left);
    *row++ = tokens.literal(clause.right);
    *row++ = tokens.close();
  }
  *row = tokens.colon();
}

sat2::Formula formula_of(const at::Tensor& tokens, int64_t variables) {
  const at::Tensor row = tokens.to(torch::kCPU).contiguous();
  const auto* begin = row.data_ptr<int64_t>();
  return formula_of(std::vector<int64_t>(begin, begin + row.numel()), variables);
}

sat2::Formula formula_of(const std::vector<int64_t>& tokens, int64_t variables) {
  const Tokens names{variables};
  const auto n = static_cast<int64_t>(tokens.size());
  const auto expect = [&](int64_t position, bool holds, const char* what) {
    if (!holds)
      throw std::invalid_argument(fmt::format("position {}: expected {}, got '{}'", position, what,
                                              names.name(tokens[position])));
  };
  if (n % 4 != 1)
    throw std::invalid_argument(
        fmt::format("a formula has 4 tokens per clause and a final ':', got {} tokens", n));
  sat2::Formula formula{.variables = static_cast<int>(variables), .clauses = {}};
  int64_t first = 0;
  while (first + 4 < n && tokens[first] == names.padding()) {
    for (int64_t p = first; p < first + 4; ++p)
      expect(p, tokens[p] == names.padding(), "'#', as a missing clause is four of them");
    first += 4;
  }
  for (int64_t p = first; p + 1 < n; p += 4) {
    expect(p, tokens[p] == names.open(), "'('");
    for (const int64_t literal : {p + 1, p + 2})
      expect(literal, tokens[literal] >= 0 && tokens[literal] < names.n_literals(), "a literal");
    expect(p + 3, tokens[p + 3] == names.close(), "')'");
    formula.clauses.push_back({names.literal_of(tokens[p + 1]), names.literal_of(tokens[p + 2])});
  }
  expect(n - 1, tokens[n - 1] == names.colon(), "':'");
  sat2::validate(formula);
  return formula;
}

}  // namespace assay::tasks::two_sat
