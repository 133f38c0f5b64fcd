#include "circuits/components/counterfactuals.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <stdexcept>

namespace assay::circuits {
namespace {

void expect(const at::Tensor& value, at::ScalarType type, const std::vector<int64_t>& shape,
            const char* name) {
  if (!value.defined() || value.scalar_type() != type || value.sizes() != at::IntArrayRef(shape))
    throw std::invalid_argument(fmt::format(
        "counterfactuals: expected {} as {} {}, got {}", name, c10::toString(type), shape,
        value.defined()
            ? fmt::format("{} {}", c10::toString(value.scalar_type()), value.sizes().vec())
            : "nothing"));
}

}  // namespace

Counterfactuals Counterfactuals::slice(int64_t first, int64_t count) const {
  const auto part = [&](const at::Tensor& all) {
    return all.defined() ? all.narrow(0, first, count) : all;
  };
  return {part(clean), part(corrupt), part(right), part(wrong), answers, is_sample};
}

at::Tensor Counterfactuals::candidates() const {
  return answers.defined() ? answers.expand_as(right) : right | wrong;
}

void validate(const Counterfactuals& data, int64_t d_vocab, int64_t n_ctx) {
  if (!data.clean.defined() || data.clean.dim() != 2 || data.clean.size(0) == 0)
    throw std::invalid_argument("counterfactuals: expected at least one input, [n, pos]");
  const int64_t n = data.clean.size(0), n_pos = data.clean.size(1);
  if (n_pos > n_ctx)
    throw std::invalid_argument(
        fmt::format("counterfactuals: {} positions, but the model has only {}", n_pos, n_ctx));
  expect(data.clean, torch::kInt64, {n, n_pos}, "clean");
  if (data.corrupt.defined()) expect(data.corrupt, torch::kInt64, {n, n_pos}, "corrupt");
  expect(data.right, torch::kBool, {n, d_vocab}, "right answers");
  expect(data.wrong, torch::kBool, {n, d_vocab}, "wrong answers");
  if (!data.right.any(1).all().item<bool>() || !data.wrong.any(1).all().item<bool>())
    throw std::invalid_argument("counterfactuals: an input without a right or a wrong answer");
  if (!data.answers.defined()) return;
  expect(data.answers, torch::kBool, {d_vocab}, "answers");
  if (((data.right | data.wrong) & data.answers.logical_not()).any().item<bool>())
    throw std::invalid_argument("counterfactuals: a right or wrong answer is none of the answers");
}

}  // namespace assay::circuits
