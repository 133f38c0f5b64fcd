#include "tasks/induction/rows.h"

#include <torch/types.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "interp/statistics/random.h"

namespace assay::tasks::induction {
namespace {

using at::Tensor;
using Row = std::array<int64_t, kRow>;

constexpr int64_t kQuery = kRow - 1;

Tensor list_of(const Tensor& tokens) {
  return tokens.narrow(1, 1, kLength);
}

Part part_of_row(const int64_t* row) {
  uint64_t hash = 0;
  for (int64_t i = 0; i < kRow; ++i)
    hash = statistics::scattered(hash, static_cast<uint64_t>(row[i]));
  const uint64_t eighth = hash % 8;
  if (eighth < 6) return Part::Train;
  return eighth == 6 ? Part::Derive : Part::Test;
}

/// A stream of random numbers that a key begins.
class Draws {
 public:
  explicit Draws(uint64_t key) : bits_(key) {}
  int64_t below(int64_t n) {
    bits_ = statistics::scattered(bits_);
    return static_cast<int64_t>(bits_ % static_cast<uint64_t>(n));
  }
  /// Puts `count` random ones of the items in front, in random order.
  template <typename Items>
  void choose(Items& items, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      std::swap(items[i], items[i + below(std::ssize(items) - i)]);
  }

 private:
  uint64_t bits_;
};

Row drawn(const Rows& rows, Part part, uint64_t key) {
  Draws draws(key);
  std::vector<int64_t> symbols(rows.symbols);
  std::iota(symbols.begin(), symbols.end(), 0);
  while (true) {
    draws.choose(symbols, kLength);
    Row row;
    row[0] = rows.begin(), row[kLength + 1] = rows.separator();
    std::copy_n(symbols.begin(), kLength, row.begin() + 1);
    const auto again = row.begin() + kLength + 2;
    if (rows.order == Order::Repeated) {
      std::copy_n(symbols.begin(), kAgain, again);
    } else {
      const int64_t place = draws.below(kLength - 1);
      std::vector<int64_t> others;
      for (int64_t i = 0; i < kLength; ++i)
        if (i != place && i != place + 1) others.push_back(symbols[i]);
      draws.choose(others, kAgain - 1);
      std::copy_n(others.begin(), kAgain - 1, again);
      row[kQuery] = symbols[place];
    }
    if (part_of_row(row.data()) == part) return row;
  }
}

/// Each row changed by a function of its tokens and its number.
template <typename F>
Tensor changed(const Tensor& tokens, F change) {
  Tensor rows = tokens.to(torch::kCPU).contiguous().clone();
  for (int64_t i = 0; i < rows.size(0); ++i) change(rows.data_ptr<int64_t>() + i * kRow, i);
  return rows.to(tokens.device());
}

}  // namespace

Tensor places(const Tensor& tokens) {
  const Tensor found = list_of(tokens).eq(tokens.select(1, kQuery).unsqueeze(1));
  return found.to(torch::kInt64).argmax(1);
}

Tensor answers(const Tensor& tokens) {
  return tokens.gather(1, places(tokens).unsqueeze(1) + 2).squeeze(1);
}

bool Rows::holds(const Tensor& tokens) const {
  if (tokens.size(0) != kRow) return false;
  const Tensor row = tokens.to(torch::kCPU).contiguous();
  const int64_t* first = row.data_ptr<int64_t>();
  const std::vector<int64_t> list(first + 1, first + 1 + kLength),
      again(first + kLength + 2, first + kRow);
  std::vector<int64_t> sorted = list;
  std::ranges::sort(sorted);
  if (first[0] != begin() || first[kLength + 1] != separator() || sorted.front() < 0 ||
      sorted.back() >= symbols || !std::ranges::unique(sorted).empty())
    return false;
  if (order == Order::Repeated) return std::equal(again.begin(), again.end(), list.begin());
  const auto query = std::ranges::find(list, again.back());
  if (list.end() - query < 2) return false;
  std::vector<int64_t> different = again;
  std::ranges::sort(different);
  return std::ranges::unique(different).empty() && std::ranges::count(again, query[1]) == 0 &&
         std::ranges::all_of(again, [&](int64_t s) { return std::ranges::count(list, s) == 1; });
}

Part part_of(const Tensor& tokens) {
  const Tensor row = tokens.to(torch::kCPU).contiguous();
  return part_of_row(row.data_ptr<int64_t>());
}

interp::LabelledBatch Rows::sample(Part part, uint64_t seed, int64_t first, int64_t count) const {
  Tensor tokens = at::empty({count, kRow}, torch::kInt64);
  for (int64_t i = 0; i < count; ++i) {
    const Row row =
        drawn(*this, part, statistics::scattered(seed, static_cast<uint64_t>(first + i)));
    std::ranges::copy(row, tokens.data_ptr<int64_t>() + i * kRow);
  }
  return {tokens, count == 0 ? at::empty({0}, torch::kInt64) : answers(tokens)};
}

Tensor repeated(const Tensor& tokens) {
  const Tensor right = answers(tokens).to(torch::kCPU).contiguous();
  return changed(tokens, [&](int64_t* row, int64_t i) {
    const int64_t* again = row + kLength + 2;
    std::vector<int64_t> list(again, again + kAgain);
    list.push_back(right.data_ptr<int64_t>()[i]);
    for (int64_t p = 1; p <= kLength; ++p)
      if (std::ranges::count(list, row[p]) == 0) list.push_back(row[p]);
    if (std::ssize(list) == kLength) std::ranges::copy(list, row + 1);  // else no row of the task
  });
}

Tensor reordered(const Tensor& tokens, uint64_t seed, int64_t first) {
  const Tensor at = places(tokens).to(torch::kCPU).contiguous();
  return changed(tokens, [&](int64_t* row, int64_t i) {
    Draws draws(statistics::scattered(seed, static_cast<uint64_t>(first + i)));
    const int64_t place = at.data_ptr<int64_t>()[i];
    if (place == kLength - 1 || row[1 + place] != row[kQuery]) return;  // no row of the task
    std::vector<int64_t> order;  // places in the list, the pair as one
    for (int64_t p = 0; p < kLength; ++p)
      if (p != place + 1) order.push_back(p);
    draws.choose(order, std::ssize(order));
    std::vector<int64_t> list;
    for (const int64_t p : order) {
      list.push_back(row[1 + p]);
      if (p == place) list.push_back(row[2 + p]);
    }
    std::ranges::copy(list, row + 1);
    std::vector<int64_t> before(row + kLength + 2, row + kQuery);
    draws.choose(before, std::ssize(before));
    std::ranges::copy(before, row + kLength + 2);
  });
}

Tensor Rows::with_other_answers(const Tensor& tokens, uint64_t seed, int64_t first) const {
  const Tensor at = places(tokens).to(torch::kCPU).contiguous();
  return changed(tokens, [&](int64_t* row, int64_t i) {
    Draws draws(statistics::scattered(seed, static_cast<uint64_t>(first + i)));
    int64_t other = draws.below(symbols);
    while (std::count(row, row + kRow, other) > 0) other = (other + 1) % symbols;
    row[2 + at.data_ptr<int64_t>()[i]] = other;
  });
}

}  // namespace assay::tasks::induction
