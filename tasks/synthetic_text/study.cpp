#include "tasks/synthetic_text/study.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "interp/attribution/scorer.h"
#include "interp/attribution/slalom/joint_fit.h"
#include "tasks/synthetic_text/sampler.h"

namespace assay::tasks::synthetic_text {
namespace {

using at::Tensor;
using interp::attribution::Scorer;
namespace slalom = interp::attribution::slalom;
using slalom::Observations;
using slalom::Slalom;

/// Texts are explained at the lengths that the paper explains them at: short ones, where words are
/// averaged.
constexpr int64_t kExplainedAverages = 8;

struct Explained {
  std::vector<Text> texts;
  Observations network;  ///< what it says of them
};

Explained explained(const Scorer& scorer, Language language, Part part, int64_t count,
                    uint64_t seed) {
  if (language.meaning == Meaning::Slalom) language.max_length = kExplainedAverages;
  const Sampler sampler(language, part, seed);
  Explained all{.texts = {}, .network = {{.n_features = language.n_words(), .rows = {}}, {}}};
  for (int64_t i = 0; i < count; ++i) {
    all.texts.push_back(sampler.draw(static_cast<uint64_t>(i)).text);
    all.network.bags.rows.push_back(slalom::bag_of(all.texts.back()));
  }
  all.network.scores = scorer(all.texts);
  return all;
}

Tensor true_log_odds(const Language& language, const std::vector<Text>& texts) {
  std::vector<double> truth;
  for (const Text& text : texts) truth.push_back(log_odds(language, text));
  return torch::tensor(truth, torch::kFloat64);
}

double mean_square(const Tensor& difference) {
  return difference.square().mean().item<double>();
}

/// Ordinary least squares of the scores on the counts and an intercept.
double linear_error(const Observations& fitted, const Observations& tested) {
  const auto design = [](const Observations& data) {
    return at::cat({slalom::dense(data.bags), at::ones({data.bags.size(), 1}, torch::kFloat64)}, 1);
  };
  const Tensor weights =
      std::get<0>(at::linalg_lstsq(design(fitted), fitted.scores.unsqueeze(1), {}, "gelsd"));
  return mean_square(at::matmul(design(tested), weights).squeeze(1) - tested.scores);
}

Slalom fitted_slalom(const Observations& data) {
  return slalom::fit_jointly(data, slalom::mean_of_values(data)).model;
}

std::vector<Repetition> repetitions(const Scorer& scorer, const Language& language, int64_t word) {
  std::vector<Repetition> all;
  for (const int64_t times : {1, 2, 5, 10, 20, 30}) {
    const Text text(times, word);
    all.push_back(
        {.times = times, .network = scorer.score(text), .truth = log_odds(language, text)});
  }
  return all;
}

double correlation(const Tensor& left, const Tensor& right) {
  const Tensor x = left - left.mean(), y = right - right.mean();
  return (x.dot(y) / (x.norm() * y.norm())).item<double>();
}

std::optional<Recovery> recovery(const Slalom& found, const Language& language) {
  if (language.meaning != Meaning::Slalom) return {};
  std::vector<double> value, importance;
  for (const Word& word : language.words) {
    value.push_back(word.value);
    importance.push_back(word.importance);
  }
  const Tensor v = torch::tensor(value, torch::kFloat64);
  const Tensor s = torch::tensor(importance, torch::kFloat64);
  return Recovery{.rmse_value = std::sqrt(mean_square(found.value - v)),
                  .rmse_importance = std::sqrt(mean_square(found.importance - (s - s.mean()))),
                  .correlation_value = correlation(found.value, v),
                  .correlation_importance = correlation(found.importance, s)};
}

}  // namespace

Study study(const interp::Network& network, const Language& language, const StudyConfig& config) {
  const Scorer scorer = interp::attribution::scorer_of(
      network, {.kind = interp::attribution::TargetKind::LogitDifference,
                .token = language.positive(),
                .foil = language.negative()});
  const auto begin = [&](const char* stage) {
    if (config.on_stage) config.on_stage(stage);
  };
  begin("asking the network");
  const Explained fit = explained(scorer, language, Part::Derive, config.fitted_on, config.seed);
  const Explained test = explained(scorer, language, Part::Test, config.tested_on, config.seed);
  begin("fitting SLALOM");
  const Slalom plain = fitted_slalom(fit.network);
  begin("fitting SLALOM with a sink");
  const Slalom with_its_sink = fitted_slalom(slalom::with_sink(fit.network));
  const int64_t strongest =
      std::ranges::max_element(language.words, {}, &Word::value) - language.words.begin();
  return {.variance = slalom::variance(test.network),
          .truth_rmse =
              std::sqrt(mean_square(test.network.scores - true_log_odds(language, test.texts))),
          .surrogates = {{"constant", mean_square(test.network.scores - fit.network.scores.mean())},
                         {"linear", linear_error(fit.network, test.network)},
                         {"slalom", slalom::mean_squared_error(plain, test.network)},
                         {"slalom with sink", slalom::mean_squared_error(
                                                  with_its_sink, slalom::with_sink(test.network))}},
          .word = language.words[strongest].name,
          .repetitions = repetitions(scorer, language, strongest),
          .recovery = recovery(plain, language)};
}

nlohmann::ordered_json to_json(const Study& study) {
  nlohmann::ordered_json json = {{"variance", study.variance}, {"truth_rmse", study.truth_rmse}};
  for (const auto& [surrogate, mse] : study.surrogates) json["mse"][surrogate] = mse;
  json["repeated"]["word"] = study.word;
  for (const auto& [times, network, truth] : study.repetitions)
    json["repeated"]["log_odds"].push_back(
        {{"times", times}, {"network", network}, {"truth", truth}});
  if (study.recovery)
    json["recovery"] = {{"rmse_value", study.recovery->rmse_value},
                        {"rmse_importance", study.recovery->rmse_importance},
                        {"correlation_value", study.recovery->correlation_value},
                        {"correlation_importance", study.recovery->correlation_importance}};
  return json;
}

}  // namespace assay::tasks::synthetic_text
