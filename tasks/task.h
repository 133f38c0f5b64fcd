#pragma once
// What a task is: where inputs come from, what is true about them, how a network for it is trained
// and how its interpretation is derived. The checker knows no task; a task knows no command.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "axioms/experiment.h"
#include "circuits/components/counterfactuals.h"
#include "circuits/interpretation/interpretation.h"
#include "interp/attribution/features.h"
#include "interp/attribution/replacer.h"
#include "interp/network/transformer.h"
#include "interp/training/training.h"

namespace assay::tasks {

/// Which part of a task's inputs a dataset draws from. Parts never share an input.
enum class Part { Train, Derive, Test };
std::string to_string(Part part);  ///< `train`, `derive`, `test`
/// @throws std::invalid_argument listing the names.
Part parse_part(const std::string& name);

/// Numbers (and switches) that make one task, or one way to derive, out of a family:
/// `{"variables": 5, "clauses": 10}`, `{"p": 113, "train_fraction": 0.3}`.
using Settings = std::map<std::string, nlohmann::json>;

/// A finite set of inputs, small enough to be gone through: every input once, in a fixed order.
struct Domain {
  interp::LabelledBatch inputs;
  std::vector<Part> part;  ///< of each input

  /// The inputs of some parts, in the domain's order.
  interp::LabelledBatch of(const std::vector<Part>& parts) const;
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

/// A change of an input that leaves its answer as it is.
struct Transformation {
  std::string name;  ///< `swap-literals`
  std::string help;
  /// @param tokens  inputs first, first + 1, … of a stream, int64 [batch, pos].
  /// @return as many inputs. Each depends on the seed, its place in the stream and itself alone.
  std::function<at::Tensor(const at::Tensor& tokens, uint64_t seed, int64_t first)> apply;
};

/// How a network for the task is made.
struct Recipe {
  interp::TransformerConfig model;
  interp::Initialisation initialisation;
  interp::TrainingConfig training;
};

struct DeriveConfig {
  std::string variant = {};            ///< one of Task::variants(); empty: the first
  Part part = Part::Derive;            ///< the inputs to fit on
  std::optional<int64_t> inputs = {};  ///< how many of them; none: Task::deriving_inputs()
  Settings options = {};               ///< of the derivation (TaskEntry::derivation)
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

class Task {
 public:
  virtual ~Task() = default;

  virtual std::string name() const = 0;
  virtual Settings settings() const = 0;
  virtual int64_t d_vocab() const = 0;
  virtual int64_t n_ctx() const = 0;
  /// Position whose logits are the answer; the last possible one, where inputs differ in length and
  /// samples say where each is answered.
  virtual int64_t readout() const = 0;

  /// Inputs first … first + count - 1 of the endless dataset (part, seed). Thread-safe, and each
  /// input depends on (settings, part, seed, its index) alone. Test inputs are independent draws.
  virtual interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                                       int64_t count) const = 0;

  /// Changes of inputs that leave their answers as they are.
  virtual std::vector<Transformation> transformations() const { return {}; }
  /// What is true of inputs, int64 [batch, pos]: the token that answers each, int64 [batch].
  /// @throws std::invalid_argument where that cannot be told from the tokens; a task that lists
  ///   transformations can tell.
  virtual at::Tensor answers_of(const at::Tensor& tokens) const;
  /// Tokens among which the answer is decided; the label of every input is one of them.
  virtual std::vector<int64_t> answers() const = 0;
  at::Tensor answer_mask() const;  ///< the same as bool [vocab]
  /// Whether the task's distribution holds this input, in whichever part: int64 [pos].
  virtual bool can_draw(const at::Tensor& tokens) const;
  /// The part that this input belongs to; none where no part holds it or the task cannot tell.
  virtual std::optional<Part> part_of(const at::Tensor& tokens) const;
  /// Inputs first … first + count - 1 of an endless dataset (part, seed) for experiments on
  /// circuits, with counterfactual partners where the task knows how to make them.
  virtual circuits::Counterfactuals counterfactuals(Part part, uint64_t seed, int64_t first,
                                                    int64_t count) const;
  /// Every input there is, where that is few enough to go through: then error rates are exact.
  virtual std::optional<Domain> domain() const { return std::nullopt; }

  /// One input as text, and back. @throws std::invalid_argument saying what is wrong with the text.
  virtual std::string to_text(const at::Tensor& tokens) const = 0;  ///< tokens: int64 [pos]
  virtual at::Tensor to_tokens(const std::string& text) const = 0;  ///< int64 [pos]
  virtual std::string token_name(int64_t token) const = 0;
  /// One of answers() as people call it: `UNSAT`, where the token is `u`.
  virtual std::string answer_name(int64_t token) const { return token_name(token); }
  /// @throws std::invalid_argument for a name that no token has.
  int64_t token_named(const std::string& name) const;

  /// How inputs made shorter are laid out for a network of this task.
  virtual interp::attribution::Framing framing() const { return {}; }
  /// Whether its networks read inputs of one length only: then nothing can be deleted from them.
  virtual bool one_length() const { return false; }
  /// One input as explanations take it, without what fills its row. @param tokens  int64 [pos].
  virtual interp::attribution::Sequence sequence_of(const at::Tensor& tokens) const;
  /// What explanations may speak of: `token`, and groups of tokens that mean something in the task.
  virtual std::vector<std::string> feature_kinds() const { return {"token"}; }
  /// The features of one input. Tokens: all but the last, at which the answer is read. @throws
  /// std::invalid_argument for an unknown kind, listing those that exist, and for
  ///   tokens that do not spell an input.
  virtual std::vector<interp::attribution::Feature> features(
      const std::string& kind, const interp::attribution::Sequence& tokens) const;

  /// What is known to matter in an input, of features as features() gives them for this kind.
  virtual std::vector<Relevance> relevance(const std::string& kind,
                                           const interp::attribution::Sequence& tokens) const;
  /// Inputs that differ from this one in one feature alone, to ask an interpretation what depends
  /// on it (and the interpretation alone: a network may never have seen their like): int64 [n,
  /// n_ctx]. None where features of this kind cannot be changed alone.
  virtual at::Tensor interventions(const std::string& kind,
                                   const interp::attribution::Sequence& tokens,
                                   int64_t feature) const;

  /// Tokens of one type may stand in for each other: one number per token. Default: all are alike.
  virtual std::vector<int64_t> token_types() const;
  /// What may stand in for tokens in explanations; the first is the default. Every task has
  /// `empirical` (what stands between the same neighbours in training inputs), `same-type` and
  /// `uniform` (any token).
  virtual std::vector<std::string> replacer_names() const;
  /// @throws std::invalid_argument listing the replacers that exist.
  virtual std::unique_ptr<interp::attribution::Replacer> replacer(const std::string& name) const;

  /// @throws std::invalid_argument listing the presets that exist.
  virtual Recipe recipe(const std::string& preset) const = 0;

  /// Of the interpretation; none where the task knows no interpretation of its networks.
  virtual std::vector<std::string> variants() const { return {}; }
  virtual int64_t deriving_inputs(Part) const { return 0; }  ///< to fit on, unless told otherwise
  /// @throws std::invalid_argument for an unknown variant (listing those that exist) or a model
  ///   that is not one of this task, and where there is no interpretation to derive.
  virtual Derivation derive(const interp::Network& network, const DeriveConfig& config) const;

  /// A dataset as the function that training and checking take.
  interp::LabelledInputs inputs(Part part, uint64_t seed) const;
  /// @throws std::invalid_argument saying which size differs and what the task expects.
  void require_fits(const interp::Places& places) const;
  /// Inputs as sample() gives them, without partners: their label is right, the other answers
  /// wrong.
  circuits::Counterfactuals without_partners(const interp::LabelledBatch& batch) const;
  /// @throws std::invalid_argument if there is no interpretation to derive.
  void require_interpretation() const;
  /// Circuits and interpretations speak of positions, which mean nothing where lengths differ.
  /// @throws std::invalid_argument if they do.
  void require_one_length(const interp::LabelledBatch& batch) const;
  /// The decision that networks of this task make, by which replaced runs are compared.
  axioms::Decision decision() const { return {.readout = readout(), .answers = answers()}; }
  nlohmann::json to_json() const;  ///< name and settings, enough for task_from_json()
};

}  // namespace assay::tasks
