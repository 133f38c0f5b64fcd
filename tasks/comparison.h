#pragma once
// Explanations by many methods of the same inputs, held against what is known to matter in them
// and against what an interpretation says the network does with them.

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tasks/agreement.h"
#include "tasks/explaining.h"

namespace assay::tasks {

struct ComparisonConfig {
  /// NAME or NAME:PRESET, and @READING for another reading than the method's scores: slalom@value.
  std::vector<std::string> methods;
  std::optional<std::string> reference = {};  ///< a method whose scores the others are held against
  std::string features = "token";             ///< one of Task::feature_kinds()
  /// What taking features away means where faithfulness is measured: deletion or replacement.
  std::string removal = "deletion";
  const interp::attribution::Replacer* replacer = nullptr;
  int64_t inputs = 100;  ///< the first of the test part's dataset `seed`
  int64_t rows = 1000;   ///< budget of each explanation
  uint64_t seed = 1;
  std::function<void(int64_t done, int64_t of)> on_progress = {};
  const std::atomic<bool>* stop = nullptr;
};

/// One explanation, or another reading of it.
struct ScoredInput {
  std::string method;  ///< `reagent:inseq`, `slalom:joint@value`
  at::Tensor scores;   ///< float64 [features]
  Measures measures;
  int64_t rows = 0;  ///< of the network
  double seconds = 0;
};

struct ComparedInput {
  at::Tensor tokens;  ///< int64 [pos]
  bool right = true;  ///< the network answers as it should; if not, what the task knows is left out
  std::vector<ScoredInput> methods;  ///< in the order asked for
  std::vector<Measures> random;      ///< of kRandomDraws draws of scores that know nothing
};

inline constexpr int64_t kRandomDraws = 200;

struct Comparison {
  std::vector<ComparedInput> inputs;
  bool complete = true;  ///< false: stopped before all inputs were done
};

/// After the methods come what they are held against: `(ols)` for removal errors, and what the
/// interpretation's decision is made of, such as `(evaluate)`.
/// @param program  the interpretation's; null: there is none to compare with.
/// @throws std::invalid_argument for no method or input, a reading that a method does not have
///   (listing those that it has), and as interp::attribution::explain() and
///   problem_of() do.
Comparison compare(const Task& task, const interp::Transformer& model,
                   const circuits::Program* program, const ComparisonConfig& config);

/// Inputs with the scores and measures of every method; a measure that is not defined is null.
nlohmann::ordered_json to_json(const Comparison& comparison, const Task& task);

}  // namespace assay::tasks
