#pragma once
// Random numbers that are the same on every platform, which std's distributions do not promise:
// drawn from an engine, one after another, or as functions of the place where they are used.

#include <algorithm>
#include <array>
#include <boost/random/discrete_distribution.hpp>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace assay::statistics {

// --- from an engine

using Engine = std::mt19937_64;

/// An engine for a place, such as (seed, index), seeded with all its numbers. Of each the lowest 32
/// bits count (std::seed_seq), so larger ones are given in two parts.
template <typename Generator = Engine>
Generator engine_at(std::initializer_list<uint64_t> place) {
  std::seed_seq sequence(place);
  return Generator(sequence);
}

/// A number in [0, n), n > 0.
inline int64_t draw_below(Engine& engine, int64_t n) {
  return static_cast<int64_t>(engine() % static_cast<uint64_t>(n));
}

/// A number from `least` to `most`, both included; exactly uniform, where draw_below() favours
/// small numbers by n/2^64.
int64_t draw_between(Engine& engine, int64_t least, int64_t most);

/// Uniform in [0, 1).
double draw_uniform(Engine& engine);

double draw_normal(Engine& engine, double mean = 0, double deviation = 1);

/// How many of n trials succeed.
int64_t draw_binomial(Engine& engine, int64_t n, double probability);

bool draw_bernoulli(Engine& engine, double probability);

/// 0, 1 … with probabilities in proportion to weights: `Categorical(weights)(engine)`.
using Categorical = boost::random::discrete_distribution<int64_t>;

/// `count` of the items, none twice, in random order; all of them if there are no more.
template <typename T>
std::vector<T> draw_from(Engine& engine, std::vector<T> items, int64_t count) {
  const auto n = static_cast<int64_t>(items.size());
  count = std::min(count, n);
  for (int64_t i = 0; i < count; ++i) std::swap(items[i], items[i + draw_below(engine, n - i)]);
  items.resize(count);
  return items;
}

/// 0 … n-1 in random order.
inline std::vector<int64_t> permutation(Engine& engine, int64_t n) {
  std::vector<int64_t> items(n);
  std::iota(items.begin(), items.end(), 0);
  return draw_from(engine, std::move(items), n);
}

// --- of a place: what stands at (row, column) cannot depend on which other rows stand in its
// batch, nor on threads. These are Philox4x32-10 with the seed as its key, but for scattered().

/// Uniform in [0, 1), with 53 random bits.
double uniform_at(uint64_t seed, uint64_t row, uint64_t column);

/// A seed for part (row, column) of what `seed` decides.
uint64_t seed_at(uint64_t seed, uint64_t row, uint64_t column);

/// 0 … n-1 in random order: sorted by their numbers uniform_at(seed, row, …).
std::vector<int64_t> permutation_at(uint64_t seed, uint64_t row, int64_t n);

/// The block cipher behind them (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2,
/// 3"): 128 random bits as a function of a counter and a key.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// SplitMix64 (Steele, Lea & Flood 2014): a few multiplications that scatter any number.
inline uint64_t scattered(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

inline uint64_t scattered(uint64_t seed, uint64_t index) {
  return scattered(scattered(seed) ^ index);
}

}  // namespace assay::statistics
