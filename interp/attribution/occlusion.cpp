#include "interp/attribution/occlusion.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "interp/attribution/game.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// The rows that stand in for one feature.
struct Occluded {
  int64_t feature = 0;
  std::vector<Sequence> rows;
  std::vector<double> weights;  ///< sum 1
  bool sampled = false;
};

Occluded listed(const Input& input, int64_t f, const Support& support) {
  Occluded occluded{.feature = f, .rows = {}, .weights = support.probabilities};
  for (const Sequence& filling : support.fillings) {
    occluded.rows.push_back(input.tokens);
    for (size_t i = 0; i < filling.size(); ++i)
      occluded.rows.back()[input.features[f].positions[i]] = filling[i];
  }
  return occluded;
}

Occluded sampled(const Problem& problem, int64_t f, int64_t draws) {
  const Input& input = problem.input;
  Tensor chosen = at::zeros({1, input.size()}, torch::kBool);
  chosen[0][f] = true;
  const Tensor mask = positions_of(input, chosen).expand({draws, -1});
  Occluded occluded{
      .feature = f,
      .rows = sequences_of(problem.replacer->draw(input.tokens, mask, problem.seed, 0)),
      .weights = std::vector<double>(draws, 1 / static_cast<double>(draws)),
      .sampled = true};
  return occluded;
}

/// Of a mean of draws; 0 of an exact one.
double standard_error(const Occluded& occluded, const Tensor& values) {
  if (!occluded.sampled) return 0;
  return std::sqrt(values.var().item<double>() / static_cast<double>(values.size(0)));
}

Explanation by_replacement(const Problem& problem) {
  const Input& input = problem.input;
  const std::vector<int64_t> eligible = eligible_features(input, *problem.replacer);
  const int64_t draws = std::max<int64_t>(2, problem.rows / static_cast<int64_t>(eligible.size()));
  std::vector<Occluded> all;
  std::vector<Sequence> rows = {input.tokens};
  int64_t n_sampled = 0;
  for (const int64_t f : eligible) {
    const auto support = problem.replacer->support(input.tokens, input.features[f].positions);
    all.push_back(support ? listed(input, f, *support) : sampled(problem, f, draws));
    rows.insert(rows.end(), all.back().rows.begin(), all.back().rows.end());
    n_sampled += all.back().sampled;
  }
  const Tensor values = problem.scorer(rows);
  Tensor scores = at::zeros({input.size()}, torch::kFloat64);
  Tensor errors = at::zeros_like(scores);
  int64_t next = 1;
  for (const Occluded& occluded : all) {
    const auto n = static_cast<int64_t>(occluded.rows.size());
    const Tensor its = values.narrow(0, std::exchange(next, next + n), n);
    const Tensor weights = torch::tensor(occluded.weights, torch::kFloat64);
    scores[occluded.feature] = values[0] - its.dot(weights);
    errors[occluded.feature] = standard_error(occluded, its);
  }
  return {.scores = scores,
          .standard_errors = n_sampled > 0 ? errors : Tensor(),
          .diagnostics = {{"replacer", problem.replacer->name()},
                          {"eligible", eligible.size()},
                          {"exact", static_cast<int64_t>(eligible.size()) - n_sampled},
                          {"sampled", n_sampled},
                          {"draws", n_sampled > 0 ? draws : 0}}};
}

Explanation by_deletion(const Problem& problem) {
  const int64_t n = problem.input.size();
  const Tensor all = at::ones({1, n}, torch::kBool);
  const Tensor others = at::eye(n, torch::kBool).logical_not();
  const Tensor values = deletion_game(problem.scorer, problem.input)(at::cat({all, others}));
  return {.scores = values[0] - values.narrow(0, 1, n)};
}

}  // namespace

Method occlusion_method() {
  return {.name = "occlusion",
          .help = "the effect of each feature alone, exactly",
          .presets = {{.name = "replacement",
                       .help = "mean over all that may stand in its place",
                       .takes = Takes::Replaces},
                      {.name = "deletion", .help = "without the feature", .takes = Takes::Deletes}},
          .explain = [](const Problem& problem, const std::string& preset) {
            return preset == "deletion" ? by_deletion(problem) : by_replacement(problem);
          }};
}

}  // namespace assay::interp::attribution
