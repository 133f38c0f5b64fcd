#include "circuits/interpretation/operations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "circuits/interpretation/value_operations.h"
#include "interp/execution/constant.h"
#include "interp/names.h"

namespace assay::circuits {
namespace {

using at::Tensor;
using interp::Constant;

constexpr int64_t kMostTokens = 1 << 18;  // as many as the largest vocabularies have

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
  return [index = Constant(all), groups](const std::vector<Value>& parents) {
    const Tensor& tokens = parents.at(0);
    return tokens.index_select(1, index.on(tokens.device())).view({tokens.size(0), groups, -1});
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
  return [label_of = Constant(labels),
          direction_of = Constant(unit.t())](const Activations& activations) {
    const Tensor& x = activations.at(0);
    const Tensor winner = at::matmul(x, direction_of.on(x.device())).argmax(-1);
    return label_of.on(x.device())
        .index_select(0, winner.flatten())
        .view({winner.size(0), winner.size(1), -1});
  };
}

Abstraction threshold(const Operation& operation) {
  const Constant thresholds(tensor_of(operation, "thresholds", {-1}));
  return [thresholds](const Activations& activations) {
    const Tensor x = activations.at(0).select(1, 0);
    return x.ge(thresholds.on(x.device()));
  };
}

// In float64, so that what was fitted to more digits than float32 holds is read with them.
Abstraction linear(const Operation& operation) {
  const Constant bias(tensor_of(operation, "bias", {-1}));
  const Constant weight(
      tensor_of(operation, "weight", {-1, bias.value().size(0)}).to(torch::kFloat64));
  const auto decimals = decimals_of(operation);
  return [=](const Activations& activations) {
    const Tensor x = activations.at(0).to(torch::kFloat64);
    Tensor y = at::matmul(x, weight.on(x.device())) + bias.on(x.device());
    if (decimals) y = rounded(y, *decimals);
    return y.size(1) == 1 ? y.select(1, 0) : y;
  };
}

Abstraction argmax_of(const Operation& operation) {
  const auto tokens = parameter<std::vector<int64_t>>(operation, "tokens");
  return [index = Constant(tokens)](const Activations& activations) {
    const Tensor logits = activations.at(0).select(1, 0);
    return logits.index_select(1, index.on(logits.device())).argmax(1);
  };
}

// --- γ
// ----------------------------------------------------------------------------------------------

// The rows of a table of labels, int64 [n, k], by label. Column by column a number is replaced by
// its place among those that occur, so that memory follows n and not what the numbers are.
class LabelIndex {
 public:
  explicit LabelIndex(const Tensor& labels) {
    Tensor group = at::zeros({labels.size(0)}, torch::kInt64);
    for (int64_t k = 0; k < labels.size(1); ++k) {
      const auto [numbers, number] = sorted_and_places(labels.select(1, k));
      const Tensor pair = group * numbers.size(0) + number;
      const auto [groups, next] = sorted_and_places(pair);
      columns_.push_back({Constant(numbers), Constant(groups)});
      group = next;
    }
    const Tensor rows = at::zeros({labels.size(0)}, torch::kInt64);
    rows.index_copy_(0, group, at::arange(labels.size(0), torch::kInt64));
    row_of_group_ = Constant(rows);
  }

  /// @param values  int64 [..., k]. @return int64 [number of values]. @throws std::invalid_argument
  ///   for one that is no label.
  Tensor rows(const Tensor& values) const {
    const Tensor flat = values.reshape({-1, std::ssize(columns_)});
    Tensor group = at::zeros({flat.size(0)}, flat.options());
    for (int64_t k = 0; k < flat.size(1); ++k) {
      const Column& column = columns_[k];
      const Tensor number = place(flat.select(1, k), column.numbers);
      group = place(group * column.numbers.value().size(0) + number, column.groups);
    }
    return row_of_group_.on(values.device()).index_select(0, group);
  }

 private:
  struct Column {
    Constant numbers;  // that occur in it, ascending
    Constant groups;  // (group of the columns before it, place of its number) that occur, ascending
  };

  // The numbers that occur, ascending, and the place of each value among them.
  static std::pair<Tensor, Tensor> sorted_and_places(const Tensor& values) {
    const auto [numbers, places, counts] = at::unique_dim(values, 0, true, true);
    return {numbers, places};
  }

  static Tensor place(const Tensor& values, const Constant& ascending) {
    const Tensor known = ascending.on(values.device());
    const Tensor found = at::searchsorted(known, values.contiguous()).clamp_max(known.size(0) - 1);
    if (!known.index_select(0, found).equal(values))
      throw std::invalid_argument("write_prototypes: a value has no prototype");
    return found;
  }

  std::vector<Column> columns_;
  Constant row_of_group_;
};

Concretisation write_prototypes(const Operation& operation) {
  const auto positions = parameter<std::vector<int64_t>>(operation, "positions");
  const Tensor mean = tensor_of(operation, "mean", {-1, -1});
  const Tensor labels = tensor_of(operation, "labels", {-1, -1});
  const Tensor prototypes = tensor_of(operation, "prototypes", {labels.size(0), mean.size(1)});
  require_within(positions, mean.size(0), operation, "positions");
  require(labels.numel() > 0 && labels.scalar_type() == torch::kInt64, operation,
          "int64 labels, at least one");
  return [index_of = LabelIndex(labels), index = Constant(positions), mean = Constant(mean),
          prototypes = Constant(prototypes)](const Value& value) -> Activations {
    const c10::Device device = value.device();
    const Tensor row = index_of.rows(value);
    Tensor stream = mean.on(device).unsqueeze(0).repeat({value.size(0), 1, 1});
    stream.index_copy_(1, index.on(device),
                       prototypes.on(device).index_select(0, row).view(
                           {value.size(0), value.size(1), stream.size(2)}));
    return {stream};
  };
}

Concretisation write_levels(const Operation& operation) {
  const auto neurons = parameter<std::vector<int64_t>>(operation, "neurons");
  const Tensor on = tensor_of(operation, "on", {static_cast<int64_t>(neurons.size())});
  const Tensor mean = tensor_of(operation, "mean", {-1});
  const Tensor stream = tensor_of(operation, "stream", {-1});
  require_within(neurons, mean.size(0), operation, "neurons");
  return [index = Constant(neurons), on = Constant(on), mean = Constant(mean),
          stream = Constant(stream)](const Value& value) -> Activations {
    const c10::Device device = value.device();
    const int64_t batch = value.size(0);
    Tensor hidden = mean.on(device).unsqueeze(0).repeat({batch, 1});
    hidden.index_copy_(1, index.on(device), value.to(hidden.dtype()) * on.on(device));
    return {stream.on(device).expand({batch, 1, -1}), hidden.unsqueeze(1)};
  };
}

Concretisation write_linear(const Operation& operation) {
  const Constant bias(tensor_of(operation, "bias", {-1}));
  const Constant weight(
      tensor_of(operation, "weight", {-1, bias.value().size(0)}).to(torch::kFloat64));
  const Constant constant(
      tensor_of(operation, "constant", {-1, -1}).unsqueeze(0).to(torch::kFloat32));
  return [=](const Value& value) -> Activations {
    const Tensor v = value.dim() == 2 ? value.unsqueeze(1) : value;
    const Tensor x = at::matmul(v.to(torch::kFloat64), weight.on(v.device())) + bias.on(v.device());
    return {x.to(torch::kFloat32), constant.on(v.device())};
  };
}

// The logit of the answer is 1, every other 0: no more than the decision is written.
Concretisation write_answer(const Operation& operation) {
  const auto tokens = parameter<std::vector<int64_t>>(operation, "tokens");
  const auto d_vocab = parameter<int64_t>(operation, "d_vocab");
  require(d_vocab <= kMostTokens, operation, fmt::format("d_vocab of at most {}", kMostTokens));
  require_within(tokens, d_vocab, operation, "tokens");
  return [d_vocab, index = Constant(tokens)](const Value& value) -> Activations {
    const Tensor answer = index.on(value.device()).index_select(0, value);
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

void require_parameter(const Operation& operation, const std::string& name,
                       const interp::Shape& shape) {
  const auto found = operation.parameters.find(name);
  if (found == operation.parameters.end())
    throw std::invalid_argument(
        fmt::format("operation '{}': parameter '{}' is missing", operation.name, name));
  if (const auto problem = interp::mismatch(nlohmann::ordered_json(*found), shape))
    throw std::invalid_argument(
        fmt::format("operation '{}': parameter '{}': {}", operation.name, name, *problem));
}

void require_finite(const Operation& operation) {
  for (const auto& [name, tensor] : operation.tensors)
    if (!tensor.isfinite().all().item<bool>())
      throw std::invalid_argument(fmt::format(
          "operation '{}': tensor '{}' holds NaN or an infinite number", operation.name, name));
}

std::optional<int64_t> decimals_of(const Operation& operation) {
  if (!operation.parameters.contains("decimals")) return std::nullopt;
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

std::string counted(const Operation& operation, const std::string& parameter,
                    const std::string& things) {
  const auto found = operation.parameters.find(parameter);
  const bool is_list = found != operation.parameters.end() && found->is_array();
  return is_list ? fmt::format("{} {}", found->size(), things) : things;
}

namespace {

std::string prototypes_in_words(const Operation& operation) {
  const auto found = operation.tensors.find("prototypes");
  if (found == operation.tensors.end() || found->second.dim() < 1) return "the nearest prototype";
  return fmt::format("the nearest of {} prototypes", found->second.size(0));
}

std::string rounding_in_words(const Operation& operation) {
  const auto found = operation.parameters.find("decimals");
  const bool known = found != operation.parameters.end() && found->is_number_integer();
  if (!known) return "the same when rounded";
  const bool one = *found == 1;
  return fmt::format("the same to {} decimal{}", found->dump(), one ? "" : "s");
}

template <typename F>
OperationEntry<F> told(OperationEntry<F> entry,
                       std::function<std::string(const Operation&)> sentence) {
  entry.sentence = std::move(sentence);
  return entry;
}

std::function<std::string(const Operation&)> always(const char* sentence) {
  return [sentence](const Operation&) { return std::string(sentence); };
}

}  // namespace

Operations generic_operations() {
  Operations all;
  all.functions.add(told<Function>({"any", "whether any of the parent's values is true", any},
                                   always("Say whether any of the values before is true.")));
  all.functions.add(told<Function>(
      {"tokens_at", "the tokens at some positions", tokens_at}, [](const Operation& operation) {
        return fmt::format("Read the tokens at {}.", counted(operation, "positions", "places"));
      }));
  all.abstractions.add(
      told<Abstraction>({"argmax_of", "which of some tokens has the largest logit", argmax_of},
                        always("the answer with the largest logit")));
  all.abstractions.add(told<Abstraction>({"linear", "a linear map of the activations", linear},
                                         always("a linear map of the activations")));
  all.abstractions.add(told<Abstraction>(
      {"nearest_prototype", "the label of the nearest prototype", nearest_prototype},
      prototypes_in_words));
  all.abstractions.add(
      told<Abstraction>({"threshold", "whether each activation is above its threshold", threshold},
                        always("a threshold for each")));
  all.concretisations.add(
      {"write_answer", "logits that decide for one of some tokens", write_answer});
  all.concretisations.add({"write_levels", "neurons on or off, and what they add", write_levels});
  all.concretisations.add({"write_linear", "a linear map of the value", write_linear});
  all.concretisations.add(
      {"write_prototypes", "the prototype of the value's label", write_prototypes});
  all.equalities.add(told<Equality>({"downstream", "values with the same effect on the decision",
                                     [](const Operation&) { return Equality(); }},
                                    always("the same effect on the answer")));
  all.equalities.add(told<Equality>(
      {"equal", "the same values", [](const Operation&) { return Equality(all_equal); }},
      always("the same value")));
  all.equalities.add(told<Equality>({"equal_rounded", "the same to some decimals", equal_rounded},
                                    rounding_in_words));
  all.equalities.add(
      told<Equality>({"equal_up_to_order", "the same in any order along the last axis",
                      [](const Operation&) { return Equality(equal_up_to_order); }},
                     always("the same, in any order")));
  add_value_operations(all);
  return all;
}

}  // namespace assay::circuits
