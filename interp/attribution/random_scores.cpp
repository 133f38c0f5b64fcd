#include "interp/attribution/random_scores.h"

#include <torch/types.h>

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>

namespace assay::interp::attribution {

// Boost's distributions, unlike std's, give the same numbers on every platform.
at::Tensor normal_scores(int64_t n, uint64_t seed) {
  boost::random::mt19937_64 engine(seed);
  boost::random::normal_distribution<double> normal;
  at::Tensor scores = at::empty({n}, torch::kFloat64);
  for (int64_t i = 0; i < n; ++i) scores.data_ptr<double>()[i] = normal(engine);
  return scores;
}

Method random_scores_method() {
  return {.name = "random",
          .help = "scores drawn from a normal distribution: the floor",
          .presets = {{.name = "normal", .help = "", .takes = Takes::Nothing}},
          .explain = [](const Problem& problem, const std::string&) {
            return Explanation{.method = {},
                               .scores = normal_scores(problem.input.size(), problem.seed),
                               .standard_errors = {},
                               .readings = {},
                               .diagnostics = {}};
          }};
}

}  // namespace assay::interp::attribution
