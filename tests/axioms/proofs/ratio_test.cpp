// Fractional programs, against going through every choice.

#include "axioms/proofs/ratio.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "axioms/proofs/certified_ratio.h"
#include "axioms/proofs/statement.h"

namespace assay::proofs {
namespace ratio_test {

struct Program {
  Attended attended;
  at::Tensor values;  // [key, direction]
};

// Slots of one or two keys per alternative; the first slot has no choice.
Program random_program(std::mt19937& engine, int64_t directions) {
  Program program;
  std::normal_distribution<double> normal;
  int keys = 0;
  for (const int alternatives : {1, 3, 4, 2}) {
    program.attended.slots.emplace_back();
    for (int a = 0; a < alternatives; ++a) {
      program.attended.slots.back().push_back({keys++});
      if (engine() % 2) program.attended.slots.back().back().push_back(keys++);
    }
  }
  for (int key = 0; key < keys; ++key)
    program.attended.weights.push_back(std::exp(2 * normal(engine)));
  program.values = at::empty({keys, directions}, torch::kFloat64);
  for (int64_t i = 0; i < program.values.numel(); ++i)
    program.values.data_ptr<double>()[i] = 3 * normal(engine);
  return program;
}

std::pair<double, double> extremes_by_force(const Program& program, int64_t direction) {
  const auto values = program.values.accessor<double, 2>();
  double least = INFINITY, most = -INFINITY;
  std::vector<size_t> chosen(program.attended.slots.size());
  while (true) {
    double n = 0, w = 0;
    for (size_t s = 0; s < chosen.size(); ++s)
      for (const int key : program.attended.slots[s][chosen[s]]) {
        n += program.attended.weights[key] * values[key][direction];
        w += program.attended.weights[key];
      }
    least = std::min(least, n / w);
    most = std::max(most, n / w);
    size_t s = 0;
    while (s < chosen.size() && ++chosen[s] == program.attended.slots[s].size()) chosen[s++] = 0;
    if (s == chosen.size()) return {least, most};
  }
}

TEST(Ratio, ExtremesAreThoseOfAllChoices) {
  std::mt19937 engine(1);
  for (int trial = 0; trial < 50; ++trial) {
    const Program program = random_program(engine, 70);  // more than one block of lanes
    const Directions directions(program.values);
    const auto least = extreme_ratios(program.attended, directions, Side::Least);
    const auto most = extreme_ratios(program.attended, directions, Side::Most);
    for (int64_t d = 0; d < 70; ++d) {
      const auto [low, high] = extremes_by_force(program, d);
      EXPECT_NEAR(least[d], low, 1e-10 * (1 + std::abs(low)));
      EXPECT_NEAR(most[d], high, 1e-10 * (1 + std::abs(high)));
    }
  }
}

TEST(Ratio, CertifiedBoundsLieOutsideAndClose) {
  std::mt19937 engine(2);
  for (int trial = 0; trial < 50; ++trial) {
    const Program program = random_program(engine, 5);
    const Directions directions(program.values);
    const ProgramErrors errors{.weight = 1e-12,
                               .magnitude = std::vector<double>(5, 20),
                               .value = std::vector<double>(5, 1e-12)};
    std::vector<double> guesses = {1e6, -1e6, 0, 3, 5};  // bad ones change nothing
    const auto least = certified_ratios(program.attended, directions, Side::Least, errors, guesses);
    guesses.clear();
    const auto most = certified_ratios(program.attended, directions, Side::Most, errors, guesses);
    for (int64_t d = 0; d < 5; ++d) {
      const auto [low, high] = extremes_by_force(program, d);
      EXPECT_LT(least[d], low);
      EXPECT_GT(least[d], low - 2e-6 * (1 + std::abs(low)));
      EXPECT_GT(most[d], high);
    }
  }
}

TEST(Ratio, NoBoundIsClaimedWhereRoundingIsTooLarge) {
  std::mt19937 engine(3);
  const Program program = random_program(engine, 1);
  std::vector<double> guesses;
  EXPECT_THROW(certified_ratios(program.attended, Directions(program.values), Side::Least,
                                {.weight = 0.5, .magnitude = {20}, .value = {1}}, guesses),
               Untreated);
}

TEST(Ratio, TheChoicesThatAttainItHaveThatRatio) {
  std::mt19937 engine(4);
  const Program program = random_program(engine, 3);
  const Directions directions(program.values);
  const auto least = extreme_ratios(program.attended, directions, Side::Least);
  const auto values = program.values.accessor<double, 2>();
  for (int64_t d = 0; d < 3; ++d) {
    const auto chosen = attaining(program.attended, directions, d, Side::Least, least[d]);
    double n = 0, w = 0;
    for (size_t s = 0; s < chosen.size(); ++s)
      for (const int key : program.attended.slots[s][chosen[s]]) {
        n += program.attended.weights[key] * values[key][d];
        w += program.attended.weights[key];
      }
    EXPECT_NEAR(n / w, least[d], 1e-12 * (1 + std::abs(least[d])));
  }
}

}  // namespace ratio_test
}  // namespace assay::proofs
