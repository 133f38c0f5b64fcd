#include "interp/attribution/random_scores.h"

#include <torch/types.h>

#include "interp/statistics/random.h"

namespace assay::interp::attribution {

at::Tensor normal_scores(int64_t n, uint64_t seed) {
  statistics::Engine engine(seed);
  at::Tensor scores = at::empty({n}, torch::kFloat64);
  for (int64_t i = 0; i < n; ++i) scores.data_ptr<double>()[i] = statistics::draw_normal(engine);
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
