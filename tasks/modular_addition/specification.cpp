#include "tasks/modular_addition/specification.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <limits>

#include "circuits/interpretation/composition.h"
#include "tasks/modular_addition/operations.h"
#include "tasks/modular_addition/pairs.h"
#include "tasks/registry.h"

namespace assay::tasks::modular_addition {
namespace {

using at::Tensor;

/// How far Σ_k cos w_k(a + b - c) is larger for the right number than for any other.
std::optional<Tensor> margins(const circuits::Interpretation& interpretation, const Tensor& tokens,
                              const Tensor& right) {
  std::vector<circuits::Operation> steps;
  try {
    steps = circuits::functions_after(interpretation, circuits::kTokens);
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
  if (steps.empty() || steps.back().name != "argmax_of_differences") return std::nullopt;
  circuits::Value value = tokens;
  for (size_t i = 0; i + 1 < steps.size(); ++i)
    value = circuits::make(operations().functions, steps[i])({value});
  const Tensor fits = differences(steps.back())({value});
  const Tensor of_right = fits.gather(1, right.unsqueeze(1));
  const Tensor of_others =
      fits.scatter(1, right.unsqueeze(1), -std::numeric_limits<double>::infinity());
  return of_right.squeeze(1) - std::get<0>(of_others.max(1));
}

}  // namespace

Specification specification(int64_t p) {
  proofs::Domain domain{.name = "all",
                        .words = fmt::format("every pair of numbers below {}", p),
                        .length = kContext,
                        .readout = kReadout};
  proofs::SumModulo sum{.modulus = p, .values = {}};
  for (int64_t position = 0; position < kReadout; ++position) {
    proofs::Slot slot{.positions = {position}, .alternatives = {}};
    std::vector<int64_t> values;
    for (int64_t number = 0; number < p; ++number) {
      slot.alternatives.push_back({number});
      values.push_back(number);
    }
    domain.slots.push_back(std::move(slot));
    sum.values.push_back(std::move(values));
  }
  domain.slots.push_back({{kReadout}, {{p}}});
  sum.values.push_back({0});
  return {.domains = {{std::move(domain), std::move(sum)}},
          .knowledge = {.program_margins = margins}};
}

}  // namespace assay::tasks::modular_addition
