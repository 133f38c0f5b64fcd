// Certified stability against brute force: on small datasets every draw and every deletion can be
// gone through, so that what is certified can be looked at.

#include "circuits/measures/certified_stability.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <bit>
#include <cmath>
#include <stdexcept>

#include "circuits/components/circuit.h"
#include "circuits/measures/certified_stability_fields.h"
#include "tests/circuits/known_circuit.h"
#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace certified_stability_test {

using at::Tensor;

/// P(each edge is in the circuit of a draw), float64 [edges], by going through all 2^n draws from
/// the inputs in `present`.
Tensor inclusion(const Tensor& effects, uint64_t present, const CertificationConfig& config) {
  const int64_t n = effects.size(0);
  Tensor probability = at::zeros({effects.size(1)}, torch::kFloat64);
  for (uint64_t kept = 0; kept < (uint64_t{1} << n); ++kept) {
    if ((kept & ~present) != 0 || kept == 0) continue;
    const int in = std::popcount(kept), out = std::popcount(present) - in;
    Tensor sum = at::zeros({effects.size(1)});
    for (int64_t i = 0; i < n; ++i)
      if (kept >> i & 1) sum += effects[i];
    probability += std::pow(1 - config.deleted, in) * std::pow(config.deleted, out) *
                   top_n(sum, config.edges, config.is_signed).to(torch::kFloat64);
  }
  return probability;
}

/// Scores of seven inputs, of which some edges are sure and others are not.
Tensor scores(uint64_t seed, int64_t n = 7, int64_t edges = 8) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const Tensor noise = at::randn({n, edges}, generator);
  const Tensor size = at::linspace(6, 0, edges);
  return size + noise;
}

TEST(CertifiedRadius, IsTheLargestThatTheBoundAllows) {
  for (const double p : {.3, .5, .9, .99})
    for (const double majority : {.5, .500001, .7, .9, .99, .9999}) {
      const auto deletions = certified_deletions(majority, p, 1'000'000);
      const auto exchanges = certified_exchanges(majority, p, 1'000'000);
      EXPECT_EQ(deletions.has_value(), majority > .5);
      EXPECT_EQ(exchanges.has_value(), majority > .5);
      if (!deletions) continue;
      const auto keeps = [&](int64_t r) { return majority > 1 - std::pow(p, r) / 2; };
      EXPECT_TRUE(keeps(*deletions));
      EXPECT_FALSE(keeps(*deletions + 1));
      const auto survives = [&](int64_t r) { return majority - 1 + std::pow(p, r) > .5; };
      EXPECT_TRUE(survives(*exchanges));
      EXPECT_FALSE(survives(*exchanges + 1));
      EXPECT_LE(*exchanges, *deletions);
    }
  EXPECT_EQ(certified_deletions(1, .5, 7), 7);
}

// The circuit flips exactly beyond the radius: the bound cannot be improved. An edge that needs no
// input of R is in the circuit of all draws without them; let it be out of all others.
TEST(CertifiedRadius, IsTight) {
  const double p = .6;
  for (int64_t r = 1; r < 6; ++r) {
    // μ of an edge that is chosen whenever an input outside of R is kept alone or R is hit.
    const double without = .5, majority = std::pow(p, r) * without + (1 - std::pow(p, r));
    EXPECT_EQ(certified_deletions(majority - 1e-9, p, 100), r - 1);
    EXPECT_GE(certified_deletions(majority + 1e-9, p, 100), r);
  }
}

// From the true probabilities, delete every subset of the inputs up to the radius and compute the
// smoothed decision anew.
TEST(CertifiedStability, NoDeletionUpToTheRadiusTurnsTheMajority) {
  int64_t certified = 0, turned_beyond = 0;
  for (uint64_t seed = 1; seed <= 4; ++seed)
    for (const double p : {.5, .8}) {
      const Tensor effects = scores(seed);
      const CertificationConfig config{.edges = 3, .deleted = p};
      const uint64_t all = (1 << effects.size(0)) - 1;
      std::vector<Tensor> without(all + 1);
      for (uint64_t removed = 0; removed < all; ++removed)
        without[removed] = inclusion(effects, all & ~removed, config);
      for (int64_t edge = 0; edge < effects.size(1); ++edge) {
        const double in = without[0][edge].item<double>();
        const auto radius = certified_deletions(std::max(in, 1 - in), p, effects.size(0) - 1);
        if (!radius) continue;
        for (uint64_t removed = 0; removed < all; ++removed) {
          const bool same = (without[removed][edge].item<double>() > .5) == (in > .5);
          if (std::popcount(removed) <= *radius) {
            EXPECT_TRUE(same) << seed << " " << edge << " " << removed;
            certified += removed != 0;
          } else {
            turned_beyond += !same;
          }
        }
      }
    }
  EXPECT_GT(certified, 100);     // radii above 0 occur,
  EXPECT_GT(turned_beyond, 10);  // and decisions that turn
}

// Exchanges: delete and add up to r inputs each.
TEST(CertifiedStability, NoExchangeUpToTheRadiusTurnsTheMajority) {
  int64_t certified = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const double p = .85;
    const Tensor effects = scores(seed, 8);  // six inputs, and two that may be added
    const CertificationConfig config{.edges = 3, .deleted = p};
    const uint64_t all = 63;
    const Tensor before = inclusion(effects, all, config);
    for (uint64_t removed = 0; removed <= all; ++removed)
      for (uint64_t added = 0; added < 4; ++added) {
        const int r = std::max(std::popcount(removed), std::popcount(added));
        if (r == 0 || r > 2 || removed == all) continue;
        const Tensor after = inclusion(effects, (all & ~removed) | (added << 6), config);
        for (int64_t edge = 0; edge < effects.size(1); ++edge) {
          const double in = before[edge].item<double>();
          const auto radius = certified_exchanges(std::max(in, 1 - in), p, 6);
          if (!radius || r > *radius) continue;
          EXPECT_EQ(after[edge].item<double>() > .5, in > .5) << seed << " " << edge;
          ++certified;
        }
      }
  }
  EXPECT_GT(certified, 50);
}

TEST(CertifiedStability, DrawsChooseEdgesAsOftenAsTheirProbabilitySays) {
  const Tensor effects = scores(3);
  const CertificationConfig config{.edges = 3, .deleted = .6, .draws = 20'000, .seed = 5};
  const Tensor exact = inclusion(effects, 127, config);
  const Tensor seen = count_choices(effects, config).to(torch::kFloat64) / config.draws;
  EXPECT_TRUE(at::allclose(seen, exact, 0, 4 * .5 / std::sqrt(config.draws)));
  EXPECT_TRUE(count_choices(effects, config).equal(count_choices(effects, config)));
}

// The rate at which any certificate says more than the true probabilities allow.
TEST(CertifiedStability, CertificatesAreRarelyWrongTogether) {
  const Tensor effects = scores(2);
  CertificationConfig config{.edges = 3, .deleted = .7, .draws = 60, .confidence = .8};
  const Tensor exact = inclusion(effects, 127, config);
  int wrong = 0;
  constexpr int kRuns = 300;
  for (int run = 0; run < kRuns; ++run) {
    config.seed = run;
    const Tensor counts = count_choices(effects, config);
    CertifiedStability result{.method = "",
                              .ablation = "",
                              .inputs = 7,
                              .edges = 3,
                              .of_edges = 8,
                              .deleted = config.deleted,
                              .draws = config.draws,
                              .confidence = config.confidence};
    for (int64_t edge = 0; edge < 8; ++edge)
      result.chosen.push_back({.edge = "e", .chosen = counts[edge].item<int64_t>()});
    conclude(result);
    bool any = false;
    for (int64_t edge = 0; edge < 8; ++edge) {
      const Certificate& certificate = result.chosen[edge].certificate;
      if (certificate.stays == Stays::Unknown) continue;
      const double in = exact[edge].item<double>();
      const auto truth =
          certified_deletions(certificate.stays == Stays::In ? in : 1 - in, config.deleted, 7);
      any |= !truth || *truth < certificate.deletions;
    }
    wrong += any;
  }
  EXPECT_LE(wrong, kRuns / 5);
}

TEST(CertifiedStability, OfTheKnownCircuitItsEdgesStayAndNoOthersDo) {
  const KnownCircuit known;
  const CertifiedStability result =
      certify_stability(known.experiment(), {.edges = 4, .deleted = .8});
  int64_t in = 0;
  for (const CertifiedEdge& edge : result.chosen) {
    EXPECT_EQ(edge.certificate.stays == Stays::In, edge.in_circuit) << edge.edge;
    if (!edge.in_circuit) continue;
    ++in;
    EXPECT_GE(edge.certificate.deletions, 4);
    EXPECT_GE(edge.certificate.exchanges, 1);
  }
  EXPECT_EQ(in, 4);
  EXPECT_EQ(result.others.stays, Stays::Out);
  const auto json = interp::write_record(result);
  auto again = interp::read_record<CertifiedStability>(json, "c");
  conclude(again);
  EXPECT_EQ(interp::write_record(again).dump(), json.dump());
}

// A fifth edge can only be noise, so that none may be certified as the fifth.
TEST(CertifiedStability, WhatTheInputsDoNotDecideIsAbstainedFrom) {
  const KnownCircuit known;
  const CertifiedStability result = certify_stability(
      known.experiment(), {.discovery = {.method = "exact"}, .edges = 5, .deleted = .9});
  int64_t in = 0, unknown = 0;
  for (const CertifiedEdge& edge : result.chosen) {
    in += edge.certificate.stays == Stays::In;
    unknown += edge.certificate.stays == Stays::Unknown;
  }
  EXPECT_LE(in, 5);
  EXPECT_GE(in + unknown, 4);
}

TEST(CertifiedStability, RefusesWhatMeansNothing) {
  const RandomExperiment random(true);
  const auto refused = [&](const CertificationConfig& config) {
    EXPECT_THROW(certify_stability(random.experiment(), config), std::invalid_argument);
  };
  refused({});
  refused({.edges = 4, .draws = 0});
  refused({.edges = 4, .deleted = 0});
  refused({.edges = 4, .deleted = 1});
  refused({.edges = 4, .deleted = NAN});
  refused({.edges = 100'000});
  refused({.discovery = {.method = "acdc"}, .edges = 4});
}

}  // namespace certified_stability_test
}  // namespace assay::circuits
