#pragma once
// What a task may know beyond its inputs and answers. Each is a struct of data and functions that a
// task provides in its constructor (Task::provide) and others ask for (Task::get). Where a command
// cannot do without one, Task::need() says what is missing in the words of `kAbsent`.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "axioms/failing_regions.h"
#include "axioms/proofs/study.h"
#include "circuits/components/counterfactuals.h"
#include "circuits/interpretation/interpretation.h"
#include "interp/attribution/features.h"
#include "interp/attribution/replacer.h"
#include "interp/network/transformer.h"
#include "interp/registry.h"
#include "interp/training/training.h"
#include "tasks/page/section.h"

namespace assay::tasks {

/// Which part of a task's inputs a dataset draws from. Parts never share an input.
enum class Part { Train, Derive, Test };
std::string to_string(Part part);  ///< `train`, `derive`, `test`
/// @throws std::invalid_argument listing the names.
Part parse_part(const std::string& name);

/// How tokens are called; without it they are called by their numbers.
struct TokenNames {
  static constexpr const char* kAbsent = "the tokens of {} have no names";
  /// @throws std::invalid_argument for a token that does not exist.
  std::function<std::string(int64_t token)> token;
  /// One of Task::answers() as people call it: `UNSAT`, where the token is `u`. Empty: as `token`.
  std::function<std::string(int64_t token)> answer = {};
};

/// What is true of inputs that somebody else made.
struct Truth {
  static constexpr const char* kAbsent =
      "what is true of an input of {} cannot be told from its tokens";
  /// int64 [batch, pos] -> the token that answers each, int64 [batch].
  std::function<at::Tensor(const at::Tensor& tokens)> answers;
};

/// Which inputs the task draws; without it, all that can be spelled.
struct Distribution {
  static constexpr const char* kAbsent = "the parts of {} cannot be told from its inputs";
  /// Of an input int64 [pos] that can be spelled: whether the task draws it.
  std::function<bool(const at::Tensor& tokens)> holds;
  /// The part that draws it; called where `holds` is true.
  std::function<Part(const at::Tensor& tokens)> part;
};

/// A finite set of inputs, small enough to be gone through: every input once, in a fixed order.
struct Domain {
  interp::LabelledBatch inputs;
  std::vector<Part> part;  ///< of each input

  /// The inputs of some parts, in the domain's order.
  interp::LabelledBatch of(const std::vector<Part>& parts) const;
};

/// Every input can be listed: then error rates are exact.
struct FiniteDomain {
  static constexpr const char* kAbsent = "the inputs of {} are too many to be listed";
  std::function<Domain()> all;
};

/// What is true of every input of some sets, as data, so that statements about all of them can be
/// proved.
struct Specification {
  static constexpr const char* kAbsent =
      "no specification of {} is known: what is true of all its inputs cannot be proved";
  std::vector<proofs::Specified> domains;  ///< the first is the default
  proofs::Knowledge knowledge = {};
};

/// Counterfactual partners of inputs, for experiments on circuits.
struct Partners {
  static constexpr const char* kAbsent = "the inputs of {} have no counterfactual partners";
  /// Inputs first … first + count - 1 of the endless dataset (part, seed), with their partners.
  std::function<circuits::Counterfactuals(Part part, uint64_t seed, int64_t first, int64_t count)>
      sample;
};

/// A change of an input that leaves its answer as it is.
struct Transformation {
  std::string name;  ///< `swap-literals`
  std::string help;
  /// @param tokens  inputs first, first + 1, … of a stream, int64 [batch, pos].
  /// @return as many inputs. Each depends on the seed, its place in the stream and itself alone.
  std::function<at::Tensor(const at::Tensor& tokens, uint64_t seed, int64_t first)> apply;
};

struct Transformations {
  static constexpr const char* kAbsent =
      "no changes are known that leave the answers of {} as "
      "they are";
  std::vector<Transformation> all;
};

/// Which features of an input are known to matter, whatever a network makes of it.
struct Relevance {
  std::string name;     ///< `every-mus`
  at::Tensor relevant;  ///< bool [features]
  /// Relevant features speak for the right answer, so that scores of that answer should be high on
  /// them; otherwise they matter, one way or the other, so that scores should be large in size.
  bool supports = false;
  std::string help = {};  ///< which features these are, in a few words
};

/// How inputs differ in length, and how shorter ones are laid out for a network.
struct InputLengths {
  static constexpr const char* kAbsent = "the inputs of {} are all laid out alike";
  interp::attribution::Framing framing = {};
  /// Networks read inputs of one length only: then nothing can be deleted from them.
  bool one = false;
  /// One input int64 [pos] as explanations take it, without what fills its row. Empty: `framing`
  /// undone.
  std::function<interp::attribution::Sequence(const at::Tensor& tokens)> sequence_of = {};
};

/// Groups of tokens that mean something in the task, for explanations to speak of, beside single
/// tokens.
struct Features {
  static constexpr const char* kAbsent = "the task {} has no features but tokens";
  std::vector<std::string> kinds;  ///< with `token`
  /// The features of one input, of each of these kinds. @throws std::invalid_argument for tokens
  /// that do not spell one.
  std::function<std::vector<interp::attribution::Feature>(
      const std::string& kind, const interp::attribution::Sequence& tokens)>
      of;
  /// What is known to matter in an input, of features as `of` gives them. Empty: nothing.
  std::function<std::vector<Relevance>(const std::string& kind,
                                       const interp::attribution::Sequence& tokens)>
      relevance = {};
  /// Inputs that differ from this one in one feature alone, to ask an interpretation what depends
  /// on it (and the interpretation alone: a network may never have seen their like): int64 [n,
  /// n_ctx]. None where features of this kind cannot be changed alone. Empty: none.
  std::function<at::Tensor(const std::string& kind, const interp::attribution::Sequence& tokens,
                           int64_t feature)>
      interventions = {};
};

/// What may stand in for tokens in explanations, beyond what may in any task (tasks::replacers()).
struct Replacers {
  static constexpr const char* kAbsent = "the task {} has no replacers of its own";
  struct Own {
    std::string name;
    std::function<std::unique_ptr<interp::attribution::Replacer>()> make;
  };
  /// Tokens of one type may stand in for each other: one number per token. Empty: all are alike.
  std::vector<int64_t> token_types = {};
  std::vector<Own> own = {};  ///< the first is the task's default
};

/// What can be said of an input, to find out on which inputs an interpretation fails.
using axioms::InputFeatures;

/// How a network for the task is made.
struct Recipe {
  interp::TransformerConfig model;
  interp::Initialisation initialisation;
  interp::TrainingConfig training;
};

struct Recipes {
  static constexpr const char* kAbsent = "no recipe is known that trains a network for {}";
  /// @throws std::invalid_argument listing the presets that exist.
  std::function<Recipe(const std::string& preset)> of;
};

struct DeriveConfig {
  std::string variant = {};            ///< one of Interpretations::variants; empty: the first
  Part part = Part::Derive;            ///< the inputs to fit on
  std::optional<int64_t> inputs = {};  ///< how many of them; none: Interpretations::inputs
  interp::OptionValues options = {};   ///< of the derivation (TaskEntry::derivation)
  uint64_t seed = 0;
  std::function<void(int64_t done, int64_t of)> on_progress = {};
};

/// One fact about the network that supports the interpretation, computed from weights or
/// activations.
struct Evidence {
  std::string node;       ///< of the interpretation
  std::string statement;  ///< what was computed, in words
  nlohmann::json value;
  bool supports = true;  ///< false: the fact speaks against the interpretation, a warning
};

struct Derivation {
  circuits::Interpretation interpretation;
  std::vector<Evidence> evidence;
};

/// Interpretations of the task's networks that can be derived from them.
struct Interpretations {
  static constexpr const char* kAbsent =
      "no interpretation of networks for {} is known: nothing to derive";
  std::vector<std::string> variants;         ///< the first is the default
  std::function<int64_t(Part part)> inputs;  ///< how many to fit on, unless told otherwise
  /// @throws std::invalid_argument for an unknown variant (listing those that exist) or a network
  ///   that is not one of this task.
  std::function<Derivation(const interp::Network& network, const DeriveConfig& config)> derive;
};

/// How the task is told to people who do not know it. Everything has a default (tasks/wording.h).
struct Wording {
  static constexpr const char* kAbsent = "nobody has said what the task {} is about";
  std::string deed;      ///< completes "How this network …": `decides 2-SAT`
  std::string sentence;  ///< what a network reads and what it answers, as a whole sentence
  std::string example;   ///< an input and its answer, as a person writes them
  std::string input = "input", inputs = "inputs";  ///< what one is called: `formula`
  /// One of Task::answers() in prose: `satisfiable`. Empty: as it is called otherwise.
  std::function<std::string(int64_t token)> answer = {};
  /// Part of an input that is read as a whole: `x1 ∨ ¬x2`.
  struct Piece {
    std::string text;
    std::vector<int64_t> positions;
  };
  /// An input int64 [pos] in pieces, in order. Empty: token by token.
  std::function<std::vector<Piece>(const at::Tensor& tokens)> pieces = {};
  /// Tokens that an interpretation reads together, where they are a value: `x1 ∨ ¬x2`.
  std::function<std::string(const std::vector<int64_t>& tokens)> group = {};
  /// What an interpretation of the task says better than its operations do (their `sentence`).
  /// @param part  `h`, `alpha`, `equality`, or `value`: of node["value"], a value of it on an
  /// input.
  /// @param node  as reports have it. An empty text: nothing.
  std::function<std::string(const std::string& part, const nlohmann::ordered_json& node)> of_node =
      {};
};

/// Sections of the report page that speak about this task alone; they follow those of the record's
/// kind.
struct Pages {
  static constexpr const char* kAbsent = "the task {} has no section on the report page";
  std::vector<page::SectionEntry> sections;
};

}  // namespace assay::tasks
