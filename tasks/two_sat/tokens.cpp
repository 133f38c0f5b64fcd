#include "tasks/two_sat/tokens.h"

#include <fmt/format.h>
#include <torch/types.h>

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

void write_tokens(const sat2::Formula& formula, int64_t* row) {
  const Tokens tokens{formula.variables};
  for (const sat2::Clause& clause : formula.clauses) {
    *row++ = tokens.open();
    *row++ = tokens.literal(clause.left);
    *row++ = tokens.literal(clause.right);
    *row++ = tokens.close();
  }
  *row = tokens.colon();
}

sat2::Formula formula_of(const at::Tensor& tokens, int64_t variables) {
  const Tokens names{variables};
  const at::Tensor row = tokens.to(torch::kCPU).contiguous();
  const int64_t* data = row.data_ptr<int64_t>();
  const auto expect = [&](int64_t position, bool holds, const char* what) {
    if (!holds)
      throw std::invalid_argument(fmt::format("position {}: expected {}, got '{}'", position, what,
                                              names.name(data[position])));
  };
  if (row.numel() % 4 != 1)
    throw std::invalid_argument(fmt::format(
        "a formula has 4 tokens per clause and a final ':', got {} tokens", row.numel()));
  sat2::Formula formula{.variables = static_cast<int>(variables), .clauses = {}};
  for (int64_t p = 0; p + 1 < row.numel(); p += 4) {
    expect(p, data[p] == names.open(), "'('");
    for (const int64_t literal : {p + 1, p + 2})
      expect(literal, data[literal] >= 0 && data[literal] < names.n_literals(), "a literal");
    expect(p + 3, data[p + 3] == names.close(), "')'");
    formula.clauses.push_back({names.literal_of(data[p + 1]), names.literal_of(data[p + 2])});
  }
  expect(row.numel() - 1, data[row.numel() - 1] == names.colon(), "':'");
  sat2::validate(formula);
  return formula;
}

}  // namespace assay::tasks::two_sat
