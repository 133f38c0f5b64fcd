#pragma once
// Which surrogates can follow a network that was trained on synthetic texts? The experiments of
// arXiv 2405.13536 on such networks: additive surrogates against SLALOM, what repeating a word
// does, and how near SLALOM's parameters come to the truth.

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "interp/attribution/scorer.h"
#include "interp/attribution/slalom/model.h"
#include "interp/network/transformer.h"
#include "tasks/synthetic_text/language.h"

namespace assay::tasks::synthetic_text {

struct StudyConfig {
  int64_t fitted_on = 10048;  ///< texts of the deriving part, which surrogates are fitted to
  int64_t tested_on = 512;    ///< texts of the test part
  uint64_t seed = 1;
  std::function<void(const std::string& stage)> on_stage = {};  ///< told what is begun
};

struct SurrogateError {
  std::string surrogate;
  double mse = 0;  ///< between its log odds and the network's, on test texts
};

/// One word, over and over.
struct Repetition {
  int64_t times = 0;
  double network = 0, truth = 0;  ///< log odds
};

struct RepeatedWord {
  std::string word;  ///< of the largest value
  std::vector<Repetition> log_odds;
};

/// SLALOM's parameters against those of the language.
struct Recovery {
  double rmse_value = 0, rmse_importance = 0;  ///< importances centred on both sides
  double correlation_value = 0, correlation_importance = 0;
};

struct Study {
  double variance = 0;                     ///< of the network's log odds
  double truth_rmse = 0;                   ///< between the network's log odds and the true ones
  std::vector<SurrogateError> surrogates;  ///< constant, linear, slalom, slalom with a sink
  RepeatedWord repeated;
  std::optional<Recovery> recovery;  ///< where words have importances
};

/// All texts of a study, in batches that a network answers one by one: no batch knows of another,
/// and all else follows from their scores.
class StudyTexts {
 public:
  StudyTexts(Language language, const StudyConfig& config);

  const Language& language() const { return language_; }
  int64_t batches() const;
  int64_t size_of(int64_t batch) const;
  /// The network's log odds of the texts of a batch, float64 [n]. From any thread.
  at::Tensor scores(const interp::attribution::Scorer& network, int64_t batch) const;

 private:
  friend Study study(const StudyTexts& texts, const std::vector<at::Tensor>& scores,
                     const StudyConfig& config);
  struct Group {
    std::vector<Text> texts;
    interp::attribution::SequenceBatches batches;
    explicit Group(std::vector<Text> of) : texts(std::move(of)), batches(texts) {}
  };
  /// The group that a batch belongs to, and which one it is there.
  std::pair<const Group*, int64_t> place_of(int64_t batch) const;

  Language language_;
  std::vector<std::unique_ptr<Group>> groups_;  // fitted on, tested on, each repetition
};
/// What the texts are put to: log odds of the positive answer.
interp::attribution::Scorer scorer_for(const interp::Network& network, const Language& language);

/// @param scores  of all batches of the texts.
Study study(const StudyTexts& texts, const std::vector<at::Tensor>& scores,
            const StudyConfig& config = {});
/// @throws std::invalid_argument for a model that does not fit the language.
Study study(const interp::Network& network, const Language& language,
            const StudyConfig& config = {});

nlohmann::ordered_json to_json(const Study& study);

}  // namespace assay::tasks::synthetic_text
