#include "tasks/synthetic_text/study.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "interp/attribution/scorer.h"
#include "interp/attribution/slalom/joint_fit.h"
#include "interp/execution/parallel.h"
#include "tasks/synthetic_text/sampler.h"
#include "tasks/synthetic_text/study_fields.h"

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

constexpr int64_t kRepetitions[] = {1, 2, 5, 10, 20, 30};

std::vector<Text> drawn(Language language, Part part, int64_t count, uint64_t seed) {
  if (language.meaning == Meaning::Slalom) language.max_length = kExplainedAverages;
  const Sampler sampler(language, part, seed);
  std::vector<Text> texts;
  for (int64_t i = 0; i < count; ++i) texts.push_back(sampler.draw(static_cast<uint64_t>(i)).text);
  return texts;
}

int64_t strongest_word(const Language& language) {
  return std::ranges::max_element(language.words, {}, &Word::value) - language.words.begin();
}

Observations observed(const Language& language, const std::vector<Text>& texts,
                      const Tensor& scores) {
  Observations network{{.n_features = language.n_words(), .rows = {}}, scores};
  for (const Text& text : texts) network.bags.rows.push_back(slalom::bag_of(text));
  return network;
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

StudyTexts::StudyTexts(Language language, const StudyConfig& config)
    : language_(std::move(language)) {
  const auto add = [&](std::vector<Text> texts) {
    groups_.push_back(std::make_unique<Group>(std::move(texts)));
  };
  add(drawn(language_, Part::Derive, config.fitted_on, config.seed));
  add(drawn(language_, Part::Test, config.tested_on, config.seed));
  for (const int64_t times : kRepetitions) add({Text(times, strongest_word(language_))});
}

int64_t StudyTexts::batches() const {
  int64_t all = 0;
  for (const auto& group : groups_) all += group->batches.count();
  return all;
}

std::pair<const StudyTexts::Group*, int64_t> StudyTexts::place_of(int64_t batch) const {
  for (const auto& group : groups_) {
    if (batch < group->batches.count()) return {group.get(), batch};
    batch -= group->batches.count();
  }
  throw std::out_of_range("a study has fewer batches");
}

int64_t StudyTexts::size_of(int64_t batch) const {
  const auto [group, index] = place_of(batch);
  return group->batches.size_of(index);
}

Tensor StudyTexts::scores(const Scorer& network, int64_t batch) const {
  const auto [group, index] = place_of(batch);
  return network.of_batch(group->batches, index);
}

Scorer scorer_for(const interp::Network& network, const Language& language) {
  return interp::attribution::scorer_of(network,
                                        {.kind = interp::attribution::TargetKind::LogitDifference,
                                         .token = language.positive(),
                                         .foil = language.negative()});
}

Study study(const StudyTexts& texts, const std::vector<Tensor>& scores, const StudyConfig& config) {
  const Language& language = texts.language();
  std::vector<Observations> groups;  // fitted on, tested on, each repetition
  auto next = scores.begin();
  for (const auto& group : texts.groups_) {
    const auto end = next + group->batches.count();
    groups.push_back(observed(language, group->texts, group->batches.in_order({next, end})));
    next = end;
  }
  const Observations &fit = groups[0], &test = groups[1];
  const auto begin = [&](const char* stage) {
    if (config.on_stage) config.on_stage(stage);
  };
  begin("fitting SLALOM");
  const Slalom plain = fitted_slalom(fit);
  begin("fitting SLALOM with a sink");
  const Slalom with_its_sink = fitted_slalom(slalom::with_sink(fit));
  Study study{.variance = slalom::variance(test),
              .truth_rmse = std::sqrt(
                  mean_square(test.scores - true_log_odds(language, texts.groups_[1]->texts))),
              .surrogates = {{"constant", mean_square(test.scores - fit.scores.mean())},
                             {"linear", linear_error(fit, test)},
                             {"slalom", slalom::mean_squared_error(plain, test)},
                             {"slalom with sink",
                              slalom::mean_squared_error(with_its_sink, slalom::with_sink(test))}},
              .repeated = {.word = language.words[strongest_word(language)].name, .log_odds = {}},
              .recovery = recovery(plain, language)};
  for (size_t i = 0; i < std::size(kRepetitions); ++i)
    study.repeated.log_odds.push_back(
        {.times = kRepetitions[i],
         .network = groups[2 + i].scores.item<double>(),
         .truth = log_odds(language, texts.groups_[2 + i]->texts[0])});
  return study;
}

Study study(const interp::Network& network, const Language& language, const StudyConfig& config) {
  const StudyTexts texts(language, config);
  const Scorer scorer = scorer_for(network, language);
  if (config.on_stage) config.on_stage("asking the network");
  std::vector<Tensor> scores(texts.batches());
  interp::parallel_for(texts.batches(), [&](int64_t i) { scores[i] = texts.scores(scorer, i); });
  return study(texts, scores, config);
}

nlohmann::ordered_json errors_as_json(const std::vector<SurrogateError>& errors) {
  nlohmann::ordered_json json;
  for (const auto& [surrogate, mse] : errors) json[surrogate] = mse;
  return json;
}

std::vector<SurrogateError> errors_from_json(const nlohmann::ordered_json& json) {
  std::vector<SurrogateError> errors;
  for (const auto& [surrogate, mse] : json.items())
    errors.push_back({surrogate, interp::read_checked<double>(mse)});
  return errors;
}

nlohmann::ordered_json to_json(const Study& study) {
  return interp::write_record(study);
}

}  // namespace assay::tasks::synthetic_text
