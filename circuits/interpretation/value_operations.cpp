#include "circuits/interpretation/value_operations.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr int64_t kMostCategories = 256, kLongestCode = 4096;
constexpr int64_t kMostNumbers = 1'000'000;  // of a value that a file is believed to have

ValueCode code_from(const Operation& operation) {
  ValueCode code{.kind = parameter<std::string>(operation, "kind")};
  if (code.kind != "truth" && code.kind != "number" && code.kind != "category")
    throw std::invalid_argument(
        fmt::format("operation '{}': kind '{}', expected truth, number or category", operation.name,
                    code.kind));
  if (code.kind == "category") {
    code.values = tensor_of(operation, "values", {-1});
    if (code.values.scalar_type() != torch::kInt64 || code.values.numel() == 0)
      throw std::invalid_argument(
          fmt::format("operation '{}': expected whole numbers as values", operation.name));
  }
  return code;
}

[[noreturn]] void refuse_unknown() {
  throw std::invalid_argument(
      "it is not known where the value of this node lives: assay align looks for places");
}

Abstraction read_value(const Operation& operation) {
  ValueCode code = code_from(operation);
  code.shape = parameter<std::vector<int64_t>>(operation, "shape");
  int64_t width = 1;
  for (const int64_t size : code.shape) {
    if (size < 1 || size > kMostNumbers || width > kMostNumbers)
      throw std::invalid_argument(
          fmt::format("operation '{}': expected a shape of positive sizes", operation.name));
    width *= size;
  }
  width *= code.per_element();
  const Tensor bias = tensor_of(operation, "bias", {width});
  const Tensor weight = tensor_of(operation, "weight", {-1, bias.size(0)}).to(torch::kFloat64);
  return [=](const Activations& activations) {
    const Tensor x = activations.at(0).flatten(1).to(torch::kFloat64);
    return code.decode(at::matmul(x, weight.to(x.device())) + bias.to(x.device()));
  };
}

Concretisation write_value(const Operation& operation) {
  const ValueCode code = code_from(operation);
  const Tensor bias = tensor_of(operation, "bias", {-1});
  const Tensor weight = tensor_of(operation, "weight", {-1, bias.size(0)}).to(torch::kFloat64);
  const int64_t positions =
      operation.parameters.contains("positions") ? parameter<int64_t>(operation, "positions") : 1;
  if (positions < 1 || bias.size(0) % positions != 0)
    throw std::invalid_argument(
        fmt::format("operation '{}': {} positions do not share out {} numbers", operation.name,
                    positions, bias.size(0)));
  return [=](const Value& value) -> Activations {
    const Tensor x = at::matmul(code.encode(value), weight.to(value.device()));
    return {(x + bias.to(x.device()))
                .to(torch::kFloat32)
                .view({value.size(0), positions, bias.size(0) / positions})};
  };
}

}  // namespace

Tensor ValueCode::encode(const Value& value) const {
  const Tensor elements = value.reshape({value.size(0), -1});
  if (kind != "category") return elements.to(torch::kFloat64);
  return elements.unsqueeze(-1).eq(values.to(value.device())).flatten(1).to(torch::kFloat64);
}

Value ValueCode::decode(const Tensor& numbers) const {
  std::vector<int64_t> sizes = {numbers.size(0)};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  if (kind == "truth") return numbers.ge(.5).view(sizes);
  if (kind == "number") return numbers.view(sizes);
  const Tensor largest = numbers.view({numbers.size(0), -1, per_element()}).argmax(2);
  return values.to(numbers.device()).index_select(0, largest.flatten()).view(sizes);
}

ValueCode code_of(const Value& values) {
  ValueCode code{.kind = "number", .shape = values.sizes().slice(1).vec()};
  if (values.scalar_type() == torch::kBool) {
    code.kind = "truth";
  } else if (!values.is_floating_point()) {
    const Tensor different = std::get<0>(at::unique_dim(values.flatten(), 0));
    const int64_t elements = values.numel() / values.size(0);
    if (different.numel() <= kMostCategories && elements * different.numel() <= kLongestCode) {
      code.kind = "category";
      code.values = different.cpu();
    }
  }
  return code;
}

void add_value_operations(Operations& operations) {
  operations.abstractions.add({.name = kUnknown,
                               .help = "a value whose place is still to be found",
                               .make = [](const Operation&) -> Abstraction {
                                 return [](const Activations&) -> Value { refuse_unknown(); };
                               },
                               .sentence =
                                   [](const Operation&) {
                                     return std::string("not known yet: its place is to be found");
                                   }});
  operations.abstractions.add({.name = "read_value",
                               .help = "what a linear map reads as a value",
                               .make = read_value,
                               .sentence = [](const Operation&) {
                                 return std::string("a linear map that reads it as a value");
                               }});
  operations.concretisations.add({kUnknown, "a value whose place is still to be found",
                                  [](const Operation&) -> Concretisation {
                                    return [](const Value&) -> Activations { refuse_unknown(); };
                                  }});
  operations.concretisations.add({"write_value", "a linear map of the value", write_value});
}

}  // namespace assay::circuits
