#include "tasks/dyck/strings.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/statistics/random.h"

namespace assay::tasks::dyck {
namespace {

using at::Tensor;

int64_t number_of(const Tensor& tokens) {
  int64_t number = 0;
  for (int64_t i = 0; i < tokens.size(0); ++i) number = 2 * number + tokens[i].item<int64_t>();
  return number;
}

}  // namespace

void validate(const StringSettings& settings) {
  if (settings.length < 4 || settings.length > 20 || settings.length % 2 != 0)
    throw std::invalid_argument(
        fmt::format("length: expected an even number from 4 to 20, got {}", settings.length));
  if (!(settings.train_fraction > 0 && settings.train_fraction <= 1))
    throw std::invalid_argument(fmt::format("train_fraction: expected a fraction in (0, 1], got {}",
                                            settings.train_fraction));
  if (settings.split_seed < 0)
    throw std::invalid_argument(
        fmt::format("split_seed: expected 0 or more, got {}", settings.split_seed));
}

Tensor depths(const Tensor& tokens) {
  return (1 - 2 * tokens).cumsum(1);
}

Tensor answers(const Tensor& tokens) {
  const Tensor depth = depths(tokens);
  return depth.ge(0).all(1).logical_and(depth.select(1, -1).eq(0)).to(torch::kInt64);
}

Strings::Strings(const StringSettings& settings) : settings_(settings) {
  validate(settings);
  std::vector<int64_t> order(count());
  for (int64_t i = 0; i < count(); ++i) order[i] = i;
  const Tensor answer = answers(tokens_of(order));
  std::ranges::sort(order, {}, [&](int64_t number) {
    return statistics::scattered(static_cast<uint64_t>(settings.split_seed),
                                 static_cast<uint64_t>(number));
  });
  std::array<Pool, 2> all;
  for (const int64_t number : order) all[answer.data_ptr<int64_t>()[number]].push_back(number);
  part_of_.resize(count());
  for (const int64_t kind : {kUnbalanced, kBalanced}) {
    const auto n = static_cast<int64_t>(all[kind].size());
    const auto wanted = static_cast<int64_t>(settings.train_fraction * static_cast<double>(n));
    const int64_t trained = std::clamp<int64_t>(wanted, 1, n), derived = (n - trained) / 2;
    for (int64_t i = 0; i < n; ++i) {
      const Part part = i < trained             ? Part::Train
                        : i < trained + derived ? Part::Derive
                                                : Part::Test;
      part_of_[all[kind][i]] = part;
      pools_[static_cast<size_t>(part)][kind].push_back(all[kind][i]);
    }
    for (auto& of_part : pools_)
      if (of_part[kind].empty()) of_part[kind] = all[kind];
  }
}

Domain Strings::domain() const {
  std::vector<int64_t> all(count());
  for (int64_t i = 0; i < count(); ++i) all[i] = i;
  const Tensor tokens = tokens_of(all);
  return {.inputs = {tokens, answers(tokens)}, .part = part_of_};
}

Part Strings::part_of(const Tensor& tokens) const {
  return part_of_.at(number_of(tokens));
}

int64_t Strings::pass(Part part) const {
  return 2 * static_cast<int64_t>(
                 std::max(pool(part, kBalanced).size(), pool(part, kUnbalanced).size()));
}

interp::LabelledBatch Strings::sample(Part part, uint64_t seed, int64_t first,
                                      int64_t count) const {
  std::vector<int64_t> numbers(count);
  for (int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<uint64_t>(first + i);
    const uint64_t draw = statistics::scattered(seed, index);
    const bool drawn = part == Part::Test;
    const Pool& strings = pool(part, static_cast<int64_t>((drawn ? draw : index) % 2));
    const uint64_t place = drawn ? draw / 2 : statistics::scattered(seed) / 2 + index / 2;
    numbers[i] = strings[place % strings.size()];
  }
  const Tensor tokens = tokens_of(numbers);
  return {tokens, answers(tokens)};
}

Tensor Strings::tokens_of(const std::vector<int64_t>& numbers) const {
  Tensor tokens =
      at::empty({static_cast<int64_t>(numbers.size()), settings_.length}, torch::kInt64);
  int64_t* token = tokens.data_ptr<int64_t>();
  for (const int64_t number : numbers)
    for (int64_t i = settings_.length; i-- > 0;) *token++ = number >> i & 1;
  return tokens;
}

Tensor Strings::some_balanced(uint64_t key) const {
  Pool balanced;
  for (const auto& of_part : pools_)
    balanced.insert(balanced.end(), of_part[kBalanced].begin(), of_part[kBalanced].end());
  return tokens_of({balanced[key % balanced.size()]})[0];
}

}  // namespace assay::tasks::dyck
