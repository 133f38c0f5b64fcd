#include "circuits/operations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::circuits {
namespace {

using at::Tensor;

Tensor index(const std::vector<int64_t>& values, const Tensor& like) {
  return torch::tensor(values, torch::kInt64).to(like.device());
}

// --- h
// ----------------------------------------------------------------------------------------------

void require(bool holds, const Operation& operation, const std::string& what) {
  if (!holds)
    throw std::invalid_argument(fmt::format("operation '{}': expected {}", operation.name, what));
}

void require_within(const std::vector<int64_t>& indices, int64_t size, const Operation& operation,
                    const char* what) {
  for (const int64_t index : indices)
    require(index >= 0 && index < size, operation,
            fmt::format("{} in [0, {}), got {}", what, size, index));
}

Function tokens_at(const Operation& operation) {
  const auto positions = parameter<std::vector<std::vector<int64_t>>>(operation, "positions");
  require(!positions.empty() && !positions[0].empty(), operation, "at least one position");
  for (const auto& group : positions)
    require(group.size() == positions[0].size(), operation, "groups of one size in 'positions'");
  std::vector<int64_t> all;
  for (const auto& group : positions) all.insert(all.end(), group.begin(), group.end());
  const auto groups = static_cast<int64_t>(positions.size());
  return [all, groups](const std::vector<Value>& parents) {
    const Tensor& tokens = parents.at(0);
    return tokens.index_select(1, index(all, tokens)).view({tokens.size(0), groups, -1});
  };
}

Function any(const Operation&) {
  return [](const std::vector<Value>& parents) { return parents.at(0).any(1).to(torch::kInt64); };
}

// --- α
// ----------------------------------------------------------------------------------------------

// Cosine similarity with every prototype, the highest wins. The length of x does not matter for
// which prototype wins, so only prototypes are normalised.
Abstraction nearest_prototype(const Operation& operation) {
  const Tensor labels = tensor_of(operation, "labels", {-1, -1});
  const Tensor prototypes = tensor_of(operation, "prototypes", {labels.size(0), -1});
  const Tensor unit = prototypes / prototypes.norm(2, {1}, true);
  return [labels, unit](const Activations& activations) {
    const Tensor winner =
        at::matmul(activations.at(0), unit.t().to(activations[0].device())).argmax(-1);
    return labels.to(winner.device())
        .index_select(0, winner.flatten())
        .view({winner.size(0), winner.size(1), labels.size(1)});
  };
}

Abstraction threshold(const Operation& operation) {
  const Tensor thresholds = tensor_of(operation, "thresholds", {-1});
  return [thresholds](const Activations& activations) {
    return activations.at(0).select(1, 0).ge(thresholds.to(activations[0].device()));
  };
}

// In float64, so that what was fitted to more digits than float32 holds is read with them.
Abstraction linear(const Operation& operation) {
  const Tensor bias = tensor_of(operation, "bias", {-1});
  const Tensor weight = tensor_of(operation, "weight", {-1, bias.size(0)}).to(torch::kFloat64);
  const auto decimals = decimals_of(operation);
  return [=](const Activations& activations) {
    const Tensor x = activations.at(0).to(torch::kFloat64);
    Tensor y = at::matmul(x, weight.to(x.device())) + bias.to(x.device());
    if (decimals) y = rounded(y, *decimals);
    return y.size(1) == 1 ? y.select(1, 0) : y;
  };
}

Abstraction argmax_of(const Operation& operation) {
  const auto tokens = parameter<std::vector<int64_t>>(operation, "tokens");
  return [tokens](const Activations& activations) {
    const Tensor logits = activations.at(0).select(1, 0);
    return logits.index_select(1, index(tokens, logits)).argmax(1);
  };
}

// --- γ
// ----------------------------------------------------------------------------------------------

// Prototypes are found again by their labels: a label of k tokens is a number in base `base`.
Tensor code(const Tensor& labels, int64_t base) {
  Tensor sum = labels.select(-1, 0);
  for (int64_t k = 1; k < labels.size(-1); ++k) sum = sum * base + labels.select(-1, k);
  return sum;
}

Concretisation write_prototypes(const Operation& operation) {
  const auto positions = parameter<std::vector<int64_t>>(operation, "positions");
  const Tensor mean = tensor_of(operation, "mean", {-1, -1});
  const Tensor labels = tensor_of(operation, "labels", {-1, -1});
  const Tensor prototypes = tensor_of(operation, "prototypes", {labels.size(0), mean.size(1)});
  require_within(positions, mean.size(0), operation, "positions");
  const int64_t base = labels.max().item<int64_t>() + 1;
  int64_t codes = 1;
  for (int64_t k = 0; k < labels.size(1); ++k) codes *= base;
  const Tensor row_of_code = at::full({codes}, -1, torch::kInt64);
  row_of_code.index_copy_(0, code(labels, base), at::arange(labels.size(0), torch::kInt64));
  return [=](const Value& value) -> Activations {
    const Tensor inside = value.ge(0).logical_and(value.lt(base));
    const Tensor row =
        row_of_code.to(value.device())
            .index_select(0, code(value.masked_fill(inside.logical_not(), 0), base).flatten());
    if (!inside.all().item<bool>() || row.lt(0).any().item<bool>())
      throw std::invalid_argument("write_prototypes: a value has no prototype");
    Tensor stream = mean.to(value.device()).unsqueeze(0).repeat({value.size(0), 1, 1});
    stream.index_copy_(1, index(positions, stream),
                       prototypes.to(value.device())
                           .index_select(0, row)
                           .view({value.size(0), value.size(1), mean.size(1)}));
    return {stream};
  };
}

Concretisation write_levels(const Operation& operation) {
  const auto neurons = parameter<std::vector<int64_t>>(operation, "neurons");
  const Tensor on = tensor_of(operation, "on", {static_cast<int64_t>(neurons.size())});
  const Tensor mean = tensor_of(operation, "mean", {-1});
  const Tensor stream = tensor_of(operation, "stream", {-1});
  require_within(neurons, mean.size(0), operation, "neurons");
  return [=](const Value& value) -> Activations {
    const int64_t batch = value.size(0);
    Tensor hidden = mean.to(value.device()).unsqueeze(0).repeat({batch, 1});
    hidden.index_copy_(1, index(neurons, hidden), value.to(hidden.dtype()) * on.to(value.device()));
    return {stream.to(value.device()).expand({batch, 1, -1}), hidden.unsqueeze(1)};
  };
}

Concretisation write_linear(const Operation& operation) {
  const Tensor bias = tensor_of(operation, "bias", {-1});
  const Tensor weight = tensor_of(operation, "weight", {-1, bias.size(0)}).to(torch::kFloat64);
  const Tensor constant = tensor_of(operation, "constant", {-1, -1}).unsqueeze(0);
  return [=](const Value& value) -> Activations {
    const Tensor v = value.dim() == 2 ? value.unsqueeze(1) : value;
    const Tensor x = at::matmul(v.to(torch::kFloat64), weight.to(v.device())) + bias.to(v.device());
    return {x.to(torch::kFloat32), constant.to(v.device()).to(torch::kFloat32)};
  };
}

// The logit of the answer is 1, every other 0: no more than the decision is written.
Concretisation write_answer(const Operation& operation) {
  const auto tokens = parameter<std::vector<int64_t>>(operation, "tokens");
  const auto d_vocab = parameter<int64_t>(operation, "d_vocab");
  require_within(tokens, d_vocab, operation, "tokens");
  return [=](const Value& value) -> Activations {
    const Tensor answer = index(tokens, value).index_select(0, value);
    return {at::one_hot(answer, d_vocab).to(torch::kFloat32).unsqueeze(1)};
  };
}

// --- equality
// ---------------------------------------------------------------------------------------

// Per input, also where a value is one number per input and has no second axis.
Tensor all_equal(const Value& left, const Value& right) {
  return left.eq(right).unsqueeze(-1).flatten(1).all(1);
}

Tensor equal_up_to_order(const Value& left, const Value& right) {
  return all_equal(std::get<0>(left.sort(-1)), std::get<0>(right.sort(-1)));
}

Equality equal_rounded(const Operation& operation) {
  const auto decimals = decimals_of(operation);
  require(decimals.has_value(), operation, "the parameter 'decimals'");
  return [decimals](const Value& left, const Value& right) {
    return all_equal(rounded(left, *decimals), rounded(right, *decimals));
  };
}

}  // namespace

Tensor rounded(const Tensor& x, int64_t decimals) {
  const double scale = std::pow(10.0, static_cast<double>(decimals));
  return at::round(x.to(torch::kFloat64) * scale) / scale + 0.0;  // + 0: no negative zero
}

std::optional<int64_t> decimals_of(const Operation& operation) {
  if (!operation.parameters.contains("decimals")) return std::nullopt;
  require(operation.parameters.at("decimals").is_number_integer(), operation,
          "a whole number of decimals");
  const auto decimals = parameter<int64_t>(operation, "decimals");
  require_within({decimals}, 10, operation, "decimals");
  return decimals;
}

Tensor tensor_of(const Operation& operation, const std::string& name,
                 const std::vector<int64_t>& shape) {
  const auto found = operation.tensors.find(name);
  if (found == operation.tensors.end())
    throw std::invalid_argument(
        fmt::format("operation '{}': tensor '{}' is missing", operation.name, name));
  const std::vector<int64_t> got = found->second.sizes().vec();
  bool fits = got.size() == shape.size();
  for (size_t axis = 0; fits && axis < shape.size(); ++axis)
    fits = shape[axis] < 0 || shape[axis] == got[axis];
  if (!fits)
    throw std::invalid_argument(fmt::format("operation '{}': tensor '{}' has shape {}, expected {}",
                                            operation.name, name, got, shape));
  return found->second;
}

void refuse_unknown(const Operation& operation, const char* role,
                    const std::vector<std::string>& known) {
  throw std::invalid_argument(fmt::format("unknown {} operation '{}'; there are {}", role,
                                          operation.name, fmt::join(known, ", ")));
}

Operations generic_operations() {
  return {
      .functions = {{"any", any}, {"tokens_at", tokens_at}},
      .abstractions = {{"argmax_of", argmax_of},
                       {"linear", linear},
                       {"nearest_prototype", nearest_prototype},
                       {"threshold", threshold}},
      .concretisations = {{"write_answer", write_answer},
                          {"write_levels", write_levels},
                          {"write_linear", write_linear},
                          {"write_prototypes", write_prototypes}},
      .equalities = {{"downstream", [](const Operation&) { return Equality(); }},
                     {"equal", [](const Operation&) { return Equality(all_equal); }},
                     {"equal_rounded", equal_rounded},
                     {"equal_up_to_order",
                      [](const Operation&) { return Equality(equal_up_to_order); }}},
  };
}

}  // namespace assay::circuits
