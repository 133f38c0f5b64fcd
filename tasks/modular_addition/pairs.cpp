#include "tasks/modular_addition/pairs.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "interp/statistics/random.h"

namespace assay::tasks::modular_addition {
namespace {

bool is_prime(int64_t n) {
  for (int64_t divisor = 2; divisor * divisor <= n; ++divisor)
    if (n % divisor == 0) return false;
  return n >= 2;
}

// Where the index-th input of a dataset stands in its part, which is gone through in passes: each
// pass takes steps of its own length, coprime to the size, so that it meets every pair once.
int64_t place_in_pass(uint64_t seed, int64_t index, int64_t size) {
  const uint64_t pass = statistics::scattered(seed, static_cast<uint64_t>(index / size));
  const auto n = static_cast<uint64_t>(size);
  uint64_t stride = 1 + pass % n;
  while (std::gcd(stride, n) != 1) ++stride;
  const uint64_t start = statistics::scattered(pass) % n;
  return static_cast<int64_t>((start + static_cast<uint64_t>(index % size) * stride) % n);
}

}  // namespace

void validate(const PairSettings& settings) {
  if (settings.p < 3 || settings.p > 251 || !is_prime(settings.p))
    throw std::invalid_argument(
        fmt::format("p: expected a prime from 3 to 251, got {}", settings.p));
  if (!(settings.train_fraction > 0 && settings.train_fraction <= 1))
    throw std::invalid_argument(fmt::format("train_fraction: expected a fraction in (0, 1], got {}",
                                            settings.train_fraction));
  if (settings.split_seed < 0)
    throw std::invalid_argument(
        fmt::format("split_seed: expected 0 or more, got {}", settings.split_seed));
}

Pairs::Pairs(const PairSettings& settings) : settings_(settings) {
  validate(settings);
  std::vector<int64_t> order(count());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](int64_t pair) {
    return statistics::scattered(static_cast<uint64_t>(settings.split_seed),
                                 static_cast<uint64_t>(pair));
  });
  const auto n_train = static_cast<int64_t>(settings.train_fraction * static_cast<double>(count()));
  const auto train_end = order.begin() + std::clamp<int64_t>(n_train, 1, count());
  const auto derive_end = train_end + (order.end() - train_end) / 2;
  parts_ = {std::vector<int64_t>(order.begin(), train_end),
            std::vector<int64_t>(train_end, derive_end),
            std::vector<int64_t>(derive_end, order.end())};
  part_of_.resize(count());
  for (const Part part : {Part::Train, Part::Derive, Part::Test}) {
    std::vector<int64_t>& pairs = parts_[static_cast<size_t>(part)];
    for (const int64_t pair : pairs) part_of_[pair] = part;
    if (pairs.empty()) pairs = order;
  }
}

interp::LabelledBatch Pairs::batch_of(const std::vector<int64_t>& pairs) const {
  const int64_t p = settings_.p;
  const auto n = static_cast<int64_t>(pairs.size());
  interp::LabelledBatch batch{.tokens = at::full({n, kContext}, p, torch::kInt64),
                              .labels = at::empty({n}, torch::kInt64)};
  for (int64_t i = 0; i < n; ++i) {
    const int64_t a = pairs[i] / p, b = pairs[i] % p;
    int64_t* row = batch.tokens.data_ptr<int64_t>() + i * kContext;
    row[0] = a;
    row[1] = b;
    batch.labels.data_ptr<int64_t>()[i] = (a + b) % p;
  }
  return batch;
}

Domain Pairs::domain() const {
  std::vector<int64_t> all(count());
  std::iota(all.begin(), all.end(), 0);
  return {.inputs = batch_of(all), .part = part_of_};
}

interp::LabelledBatch Pairs::sample(Part part, uint64_t seed, int64_t first, int64_t count) const {
  const std::vector<int64_t>& pool = of(part);
  const auto size = static_cast<int64_t>(pool.size());
  std::vector<int64_t> pairs(count);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = first + i;
    const int64_t place =
        part == Part::Test
            ? static_cast<int64_t>(statistics::scattered(seed, static_cast<uint64_t>(index)) %
                                   static_cast<uint64_t>(size))
            : place_in_pass(seed, index, size);
    pairs[i] = pool[place];
  }
  return batch_of(pairs);
}

std::string Pairs::to_text(const at::Tensor& tokens) const {
  return fmt::format("{} + {} {}", token_name(tokens[0].item<int64_t>()),
                     token_name(tokens[1].item<int64_t>()), token_name(tokens[2].item<int64_t>()));
}

at::Tensor Pairs::to_tokens(const std::string& text) const {
  std::istringstream words(text);
  std::vector<std::string> word(5);
  for (std::string& next : word) words >> next;
  if (word[1] != "+" || word[3] != "=" || !word[4].empty())
    throw std::invalid_argument(fmt::format("'{}': expected `a + b =`, such as `3 + 4 =`", text));
  at::Tensor tokens = at::full({kContext}, settings_.p, torch::kInt64);
  for (const int position : {0, 1}) {
    const std::string& number = word[2 * position];
    int64_t value = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc() || end != number.data() + number.size() || value < 0 ||
        value >= settings_.p)
      throw std::invalid_argument(fmt::format("'{}': expected a number from 0 to {}, got '{}'",
                                              text, settings_.p - 1, number));
    tokens[position] = value;
  }
  return tokens;
}

std::string Pairs::token_name(int64_t token) const {
  if (token < 0 || token > settings_.p)
    throw std::invalid_argument(
        fmt::format("token {}: expected 0 to {} (the `=`)", token, settings_.p));
  return token == settings_.p ? "=" : fmt::format("{}", token);
}

}  // namespace assay::tasks::modular_addition
