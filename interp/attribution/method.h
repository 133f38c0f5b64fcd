#pragma once
// Every method that explains, under one signature.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "interp/attribution/explanation.h"
#include "interp/attribution/features.h"
#include "interp/attribution/replacer.h"
#include "interp/attribution/scorer.h"
#include "interp/attribution/target.h"
#include "interp/registry.h"

namespace assay::interp {
class Network;
}

namespace assay::interp::attribution {

/// What is to be explained, and what a method may use for it.
struct Problem {
  Input input;
  Scorer scorer;  ///< of the target: the only access that black-box methods have
  Scorer logits;  ///< all numbers behind it, for stop rules and distances between distributions
  Target target;  ///< what `scorer` computes
  Framing framing;
  const Network* network = nullptr;    ///< for methods that look inside; null: a black box
  const Replacer* replacer = nullptr;  ///< for methods that replace; null: there is none
  bool one_length = false;  ///< shorter inputs mean nothing to the network: nothing can be deleted
  int64_t rows = 1000;      ///< budget of forward rows, where a preset leaves it open
  uint64_t seed = 0;
};

/// How a method takes features away.
enum class Takes { Nothing, Deletes, Replaces, LooksInside };

struct Preset {
  std::string name;  ///< `inseq`
  std::string help;
  Takes takes = Takes::Nothing;
};

/// Another way to read a run than by the method's scores.
struct NamedReading {
  std::string name;  ///< `raw`, as in Explanation::readings
  std::string help;
};

struct Method {
  std::string name;  ///< `reagent`
  std::string help;
  std::vector<Preset> presets;  ///< at least one; the default is the first that a problem allows
  std::vector<NamedReading> readings = {};
  std::function<Explanation(const Problem& problem, const std::string& preset)> explain;
};

Registry<Method>& methods();

/// What `NAME`, `NAME:PRESET` or either followed by `@READING` asks for.
struct MethodRequest {
  const Method* method = nullptr;  ///< one of methods()
  const Preset* preset = nullptr;  ///< one of its presets
  std::string reading = {};        ///< empty: its scores

  std::string run() const;   ///< `random`, `reagent:inseq`: what has to be computed
  std::string name() const;  ///< `reagent:inseq@raw`
};
/// @throws std::invalid_argument listing the methods, presets or readings that exist, and for a
///   problem that lacks what the method needs.
MethodRequest parse_method(const std::string& text, const Problem& problem);

/// Runs methods on one problem, each once, however many of its readings are asked for.
class MethodRuns {
 public:
  /// The problem must outlive the runs.
  explicit MethodRuns(const Problem& problem) : problem_(problem) {}

  /// Takes the time of a run, and adds the rows of the problem's scorers to those that a method
  /// which looks inside has counted itself.
  /// @throws as the method does, std::runtime_error for scores that are not finite, and
  ///   std::invalid_argument for a reading that this run does not have, listing those that it has.
  Explanation operator()(const MethodRequest& request);

 private:
  const Problem& problem_;
  std::map<std::string, Explanation> done_;  // by MethodRequest::run()
};

/// One request alone. @throws as parse_method() and MethodRuns.
Explanation explain(const std::string& method, const Problem& problem);

}  // namespace assay::interp::attribution
