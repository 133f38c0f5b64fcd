#include "interp/statistics/random.h"

#include <boost/random/bernoulli_distribution.hpp>
#include <boost/random/binomial_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_int_distribution.hpp>

namespace assay::statistics {
namespace {

constexpr int kRounds = 10;  // as published; fewer would pass the usual tests too
constexpr uint32_t kMultipliers[] = {0xD2511F53, 0xCD9E8D57};
constexpr uint32_t kKeySteps[] = {0x9E3779B9, 0xBB67AE85};  // golden ratio, √3 - 1

constexpr uint32_t low(uint64_t x) {
  return static_cast<uint32_t>(x);
}
constexpr uint32_t high(uint64_t x) {
  return static_cast<uint32_t>(x >> 32);
}

uint64_t bits_at(uint64_t seed, uint64_t row, uint64_t column) {
  const auto block =
      philox({low(column), high(column), low(row), high(row)}, {low(seed), high(seed)});
  return uint64_t{block[0]} << 32 | block[1];
}

}  // namespace

int64_t draw_between(Engine& engine, int64_t least, int64_t most) {
  return boost::random::uniform_int_distribution<int64_t>(least, most)(engine);
}

double draw_uniform(Engine& engine) {
  return boost::random::uniform_01<double>()(engine);
}

double draw_normal(Engine& engine, double mean, double deviation) {
  return boost::random::normal_distribution<double>(mean, deviation)(engine);
}

int64_t draw_binomial(Engine& engine, int64_t n, double probability) {
  return boost::random::binomial_distribution<int64_t>(n, probability)(engine);
}

bool draw_bernoulli(Engine& engine, double probability) {
  return boost::random::bernoulli_distribution<double>(probability)(engine);
}

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t first = uint64_t{kMultipliers[0]} * counter[0];
    const uint64_t second = uint64_t{kMultipliers[1]} * counter[2];
    counter = {high(second) ^ counter[1] ^ key[0], low(second), high(first) ^ counter[3] ^ key[1],
               low(first)};
    for (size_t i = 0; i < key.size(); ++i) key[i] += kKeySteps[i];
  }
  return counter;
}

double uniform_at(uint64_t seed, uint64_t row, uint64_t column) {
  return static_cast<double>(bits_at(seed, row, column) >> 11) * 0x1p-53;
}

// Under a key of their own: a seed never shares its bits with a number drawn beside it.
uint64_t seed_at(uint64_t seed, uint64_t row, uint64_t column) {
  return bits_at(~seed, row, column);
}

std::vector<int64_t> permutation_at(uint64_t seed, uint64_t row, int64_t n) {
  std::vector<double> keys(n);
  for (int64_t i = 0; i < n; ++i) keys[i] = uniform_at(seed, row, i);
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](int64_t i) { return keys[i]; });
  return order;
}

}  // namespace assay::statistics
