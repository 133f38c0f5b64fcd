#include "tasks/max_of_four/numbers.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <array>

#include "interp/statistics/random.h"

namespace assay::tasks::max_of_four {
namespace {

using at::Tensor;
using Row = std::array<int64_t, kCount>;

constexpr int kTries = 200;    // for one largest number, before another is drawn
constexpr int64_t kClose = 4;  // numbers that count as close to the largest, itself included

Part part_of_row(const int64_t* row) {
  uint64_t number = 0;
  for (int64_t i = 0; i < kCount; ++i) number = kNumbers * number + static_cast<uint64_t>(row[i]);
  const uint64_t eighth = statistics::scattered(number + 1) % 8;
  if (number == 0 || eighth < 6) return Part::Train;
  return eighth == 6 ? Part::Derive : Part::Test;
}

Row drawn(Part part, uint64_t key) {
  uint64_t bits = key;
  const auto below = [&](int64_t n) {
    bits = statistics::scattered(bits);
    return static_cast<int64_t>(bits % static_cast<uint64_t>(n));
  };
  while (true) {
    const int64_t largest = below(kNumbers);
    for (int i = 0; i < kTries; ++i) {
      const int64_t fewest = below(2) == 0 ? 0 : std::max<int64_t>(0, largest - kClose + 1);
      Row row;
      for (int64_t& number : row) number = fewest + below(largest - fewest + 1);
      row[below(kCount)] = largest;
      if (part_of_row(row.data()) == part) return row;
    }
  }
}

// State s: the largest number so far is s. Numbers start at 0, so nothing read yet is state 0.
proofs::Automaton running_maximum() {
  proofs::Automaton automaton{.start = 0};
  for (int64_t state = 0; state < kNumbers; ++state) {
    automaton.answers.push_back(state);
    auto& next = automaton.next.emplace_back();
    for (int64_t number = 0; number < kNumbers; ++number) next.push_back(std::max(state, number));
  }
  return automaton;
}

proofs::Domain rows_beginning_with(int64_t least, int64_t most, std::string name,
                                   std::string words) {
  proofs::Domain domain{
      .name = std::move(name), .words = std::move(words), .length = kCount, .readout = kCount - 1};
  for (int64_t position = 0; position < kCount; ++position) {
    proofs::Slot slot{.positions = {position}, .alternatives = {}};
    const bool first = position == 0;
    for (int64_t n = first ? least : 0; n <= (first ? most : kNumbers - 1); ++n)
      slot.alternatives.push_back({n});
    domain.slots.push_back(std::move(slot));
  }
  return domain;
}

}  // namespace

Tensor answers(const Tensor& tokens) {
  return tokens.amax(1);
}

Part part_of(const Tensor& tokens) {
  const Tensor row = tokens.to(torch::kCPU).contiguous();
  return part_of_row(row.data_ptr<int64_t>());
}

interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first, int64_t count) {
  Tensor tokens = at::empty({count, kCount}, torch::kInt64);
  for (int64_t i = 0; i < count; ++i) {
    const Row row = drawn(part, statistics::scattered(seed, static_cast<uint64_t>(first + i)));
    std::ranges::copy(row, tokens.data_ptr<int64_t>() + i * kCount);
  }
  return {tokens, count == 0 ? at::empty({0}, torch::kInt64) : answers(tokens)};
}

Specification specification() {
  constexpr int64_t kWidth = 4;
  Specification known;
  known.domains.push_back(
      {rows_beginning_with(0, kNumbers - 1, "all", "every row of four numbers from 0 to 63"),
       running_maximum()});
  for (int64_t least = 0; least < kNumbers; least += kWidth) {
    const int64_t most = least + kWidth - 1;
    known.domains.push_back(
        {rows_beginning_with(
             least, most, fmt::format("first-{}-{}", least, most),
             fmt::format("every row of four numbers from 0 to 63 that begins with {} to {}", least,
                         most)),
         running_maximum()});
  }
  return known;
}

}  // namespace assay::tasks::max_of_four
