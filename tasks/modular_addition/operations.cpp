#include "tasks/modular_addition/operations.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>
#include <utility>

#include "tasks/modular_addition/fourier.h"
#include "tasks/modular_addition/pairs.h"

namespace assay::tasks::modular_addition {
namespace {

using at::Tensor;
using circuits::Function;
using circuits::Operation;
using circuits::Value;

constexpr int64_t kMostNumbers = 4096;  // a table of waves has up to 2 p² entries

// The waves of an operation's p and frequencies: [p, 2 · frequencies].
Tensor waves_of(const Operation& operation) {
  const auto p = circuits::parameter<int64_t>(operation, "p");
  const auto frequencies = circuits::parameter<std::vector<int64_t>>(operation, "frequencies");
  if (p < 1 || p > kMostNumbers || frequencies.empty() || std::cmp_greater(frequencies.size(), p))
    throw std::invalid_argument(
        fmt::format("operation '{}': expected p from 1 to {}, and from 1 to p frequencies",
                    operation.name, kMostNumbers));
  return waves(p, frequencies);
}

}  // namespace

Function fourier_components(const Operation& operation) {
  Tensor table = waves_of(operation);
  if (const auto decimals = circuits::decimals_of(operation))
    table = circuits::rounded(table, *decimals);
  return [table](const std::vector<Value>& parents) {
    const Tensor numbers = parents.at(0).narrow(1, 0, kReadout);
    if (numbers.ge(table.size(0)).any().item<bool>())
      throw std::invalid_argument(
          fmt::format("fourier_components: a number is not below p = {}", table.size(0)));
    return table.to(numbers.device())
        .index_select(0, numbers.flatten())
        .view({numbers.size(0), kReadout, table.size(1)});
  };
}

Function angle_sums(const Operation&) {
  return [](const std::vector<Value>& parents) {
    const auto half = parents.at(0).chunk(2, -1);
    const Tensor &cos = half.at(0), &sin = half.at(1);
    const auto a = [](const Tensor& both) { return both.select(1, 0); };
    const auto b = [](const Tensor& both) { return both.select(1, 1); };
    return at::cat({a(cos) * b(cos) - a(sin) * b(sin), a(sin) * b(cos) + a(cos) * b(sin)}, 1);
  };
}

// cos w(s - c) = cos ws cos wc + sin ws sin wc: one product with the waves of every c.
Function differences(const Operation& operation) {
  const Tensor table = waves_of(operation).t().contiguous();  // [2 · frequencies, p]
  return [table](const std::vector<Value>& parents) {
    return at::matmul(parents.at(0), table.to(parents[0].device()));
  };
}

Function argmax_of_differences(const Operation& operation) {
  return [fits = differences(operation)](const std::vector<Value>& parents) {
    return fits(parents).argmax(1);
  };
}

void add_operations(circuits::Operations& operations) {
  const auto always = [](const char* sentence) {
    return [sentence](const Operation&) { return std::string(sentence); };
  };
  operations.functions.add({.name = "fourier_components",
                            .help = "the waves of the two numbers",
                            .make = fourier_components,
                            .sentence = [](const Operation& operation) {
                              return fmt::format(
                                  "Turn each of the two numbers into waves of {}.",
                                  circuits::counted(operation, "frequencies", "frequencies"));
                            }});
  operations.functions.add(
      {.name = "angle_sums",
       .help = "the waves of the sum, by the addition formulas",
       .make = angle_sums,
       .sentence = always("Add the angles of the waves, by the addition formulas of sine and "
                          "cosine.")});
  operations.functions.add({.name = "argmax_of_differences",
                            .help = "the number whose waves fit best",
                            .make = argmax_of_differences,
                            .sentence = always("Answer the number whose waves fit best.")});
}

}  // namespace assay::tasks::modular_addition
