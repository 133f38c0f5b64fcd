#pragma once
// Random numbers drawn the same way on every platform, which std's distributions do not promise.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace assay::interp {

using Engine = std::mt19937_64;

/// A number in [0, n), n > 0.
inline int64_t draw_below(Engine& engine, int64_t n) {
  return static_cast<int64_t>(engine() % static_cast<uint64_t>(n));
}

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

}  // namespace assay::interp
