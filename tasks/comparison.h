#pragma once
// Explanations by many methods of the same inputs, held against what is known to matter in them
// and against what an interpretation says the network does with them.

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/agreement.h"
#include "tasks/explaining.h"

namespace assay::tasks {

struct Comparison;

struct ComparisonConfig {
  /// NAME or NAME:PRESET, and \@READING for another reading than the method's scores:
  /// slalom\@value.
  std::vector<std::string> methods;
  /// Methods whose scores the others are held against. They are methods as well, asked for or not.
  std::vector<std::string> references = {};
  std::string features = "token";  ///< one of Task::feature_kinds()
  /// What taking features away means where faithfulness is measured: deletion or replacement.
  std::string removal = "deletion";
  const interp::attribution::Replacer* replacer = nullptr;
  int64_t inputs = 100;  ///< of the test part's dataset `seed`
  int64_t first = 0;     ///< index of the first of them
  int64_t rows = 1000;   ///< budget of each explanation
  uint64_t seed = 1;
  std::function<void(const Comparison& so_far)> on_progress = {};  ///< after each input
  const std::atomic<bool>* stop = nullptr;
};

/// One explanation, or another reading of it.
struct ScoredInput {
  std::string method;  ///< `reagent:inseq`, `slalom:joint@value`
  at::Tensor scores;  ///< float64 [features]; undefined: it failed, or is a baseline without scores
  Measures measures;
  int64_t rows = 0;  ///< of the network
  double seconds = 0;
  std::string caveat = {};   ///< of the explanation
  std::string failure = {};  ///< why there is none; empty: there is one
};

struct ComparedInput {
  at::Tensor tokens;  ///< int64 [pos]
  bool right = true;  ///< the network answers as it should; if not, what the task knows is left out
  std::vector<ScoredInput> methods;   ///< in the order asked for
  std::vector<Reference> references;  ///< what the scores were held against
  std::vector<Measures> random;       ///< of kRandomDraws draws of scores that know nothing
};

inline constexpr int64_t kRandomDraws = 200;

struct Comparison {
  std::vector<ComparedInput> inputs;
  bool complete = true;  ///< false: stopped before all inputs were done
};

/// After the methods come what they are held against: what the interpretation's decision is made
/// of, such as `(evaluate)`, and the baselines of faithfulness_measures(). A method that throws on
/// an input is recorded as failed there; the others go on.
/// @param program  the interpretation's; null: there is none to compare with.
/// @param begun    the first inputs of the same comparison, from an earlier run.
/// @throws std::invalid_argument for no method or input, deletion where inputs have one length,
///   and as interp::attribution::parse_method() and problem_of() do.
Comparison compare(const Task& task, const interp::Network& network,
                   const circuits::Program* program, const ComparisonConfig& config,
                   std::vector<ComparedInput> begun = {});

/// The agreement of kRandomDraws draws of normal scores.
/// @param seed  of one input: the comparison's plus the input's index.
std::vector<Measures> measures_of_random_scores(const std::vector<Reference>& references,
                                                uint64_t seed);

/// Inputs with the scores and measures of every method; a measure that is not defined is null.
nlohmann::ordered_json to_json(const Comparison& comparison, const Task& task);
/// Reads what to_json() wrote. @param seed  the comparison's, plus the index of its first input.
/// @throws nlohmann::json::exception, std::invalid_argument for anything else.
std::vector<ComparedInput> compared_inputs(const nlohmann::ordered_json& inputs, const Task& task,
                                           uint64_t seed);

}  // namespace assay::tasks
