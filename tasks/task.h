#pragma once
// What a task is: inputs, what answers them, and how both are written. The checker knows no task; a
// task knows no command. What else some tasks know stands in capabilities.h.

#include <any>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <typeindex>
#include <unordered_map>
#include <vector>

#include "axioms/experiment.h"
#include "tasks/capabilities.h"

namespace assay::tasks {

using Settings = interp::OptionValues;

/// What a network needs in order to be one of this task.
struct Size {
  int64_t n_tokens = 0;  ///< tokens that exist
  int64_t n_ctx = 0;     ///< tokens of the longest input
  /// Position whose logits are the answer; the last possible one, where inputs differ in length and
  /// samples say where each is answered.
  int64_t readout = 0;
  bool may_be_shorter = false;  ///< networks that read longer inputs will do as well
};

/// A task of one's own overrides the five virtual functions, of which two have defaults, and
/// provides the capabilities that it has.
class Task {
 public:
  /// @param settings  enough to make the same task again: its to_json() holds them.
  explicit Task(std::string name, Settings settings = {});
  virtual ~Task() = default;
  Task(const Task&) = delete;  // capabilities point to what they belong to
  Task& operator=(const Task&) = delete;

  virtual Size size() const = 0;
  /// Inputs first … first + count - 1 of the endless dataset (part, seed). Thread-safe, and each
  /// input depends on (settings, part, seed, its index) alone. Test inputs are independent draws.
  virtual interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                                       int64_t count) const = 0;
  /// Tokens among which the answer is decided; the label of every input is one of them.
  virtual std::vector<int64_t> answers() const = 0;
  /// One input as text, and back; unless overridden, its tokens' names with blanks between them.
  /// @throws std::invalid_argument saying what is wrong with the text.
  virtual std::string to_text(const at::Tensor& tokens) const;  ///< tokens: int64 [pos]
  virtual at::Tensor to_tokens(const std::string& text) const;  ///< int64 [pos]

  /// A capability, or null.
  template <class Capability>
  const Capability* get() const {
    const auto found = capabilities_.find(typeid(Capability));
    return found == capabilities_.end() ? nullptr
                                        : &std::any_cast<const Capability&>(found->second);
  }
  /// @throws std::invalid_argument in the words of Capability::kAbsent if the task lacks it.
  template <class Capability>
  const Capability& need() const {
    if (const Capability* capability = get<Capability>()) return *capability;
    refuse(Capability::kAbsent);
  }

  const std::string& name() const { return name_; }
  const Settings& settings() const { return settings_; }
  nlohmann::json to_json() const;  ///< name and settings, enough for task_from_json()

  int64_t d_vocab() const { return size().n_tokens; }
  int64_t n_ctx() const { return size().n_ctx; }
  int64_t readout() const { return size().readout; }
  /// @throws std::invalid_argument saying which size differs and what the task expects.
  void require_fits(const interp::Places& places) const;
  /// The decision that networks of this task make, by which replaced runs are compared.
  axioms::Decision decision() const { return {.readout = readout(), .answers = answers()}; }
  at::Tensor answer_mask() const;  ///< answers() as bool [vocab]
  /// A dataset as the function that training and checking take.
  interp::LabelledInputs inputs(Part part, uint64_t seed) const;
  /// Circuits and interpretations speak of positions, which mean nothing where lengths differ.
  /// @throws std::invalid_argument if they do.
  void require_one_length(const interp::LabelledBatch& batch) const;

  // --- capabilities that have a default

  std::string token_name(int64_t token) const;
  std::string answer_name(int64_t token) const;
  /// @throws std::invalid_argument for a name that no token has.
  int64_t token_named(const std::string& name) const;
  /// Whether the task's distribution holds this input, in whichever part: int64 [pos].
  bool can_draw(const at::Tensor& tokens) const;
  /// The part that this input belongs to; none where no part holds it or the task cannot tell.
  std::optional<Part> part_of(const at::Tensor& tokens) const;
  /// Inputs of a dataset with their Partners, or without any.
  circuits::Counterfactuals counterfactuals(Part part, uint64_t seed, int64_t first,
                                            int64_t count) const;
  /// Inputs as sample() gives them: their label is right, the other answers wrong.
  circuits::Counterfactuals without_partners(const interp::LabelledBatch& batch) const;
  InputLengths lengths() const;
  /// One input as explanations take it, without what fills its row. @param tokens  int64 [pos].
  interp::attribution::Sequence sequence_of(const at::Tensor& tokens) const;
  std::vector<std::string> feature_kinds() const;  ///< `token`, and those of Features
  /// The features of one input. @throws std::invalid_argument for an unknown kind, listing those
  /// that exist, and as Features::of.
  std::vector<interp::attribution::Feature> features(
      const std::string& kind, const interp::attribution::Sequence& tokens) const;
  /// The kind `token`: every token but the last, at which the answer is read.
  std::vector<interp::attribution::Feature> token_features(
      const interp::attribution::Sequence& tokens) const;
  std::vector<Relevance> relevance(const std::string& kind,
                                   const interp::attribution::Sequence& tokens) const;
  at::Tensor interventions(const std::string& kind, const interp::attribution::Sequence& tokens,
                           int64_t feature) const;
  std::vector<int64_t> token_types() const;
  /// What may stand in for tokens in explanations: the task's own Replacers, then replacers(). The
  /// first is the default.
  std::vector<std::string> replacer_names() const;
  /// @throws std::invalid_argument listing the replacers that exist.
  std::unique_ptr<interp::attribution::Replacer> replacer(const std::string& name) const;

 protected:
  /// Called by constructors. @throws std::logic_error for a capability that is there already.
  template <class Capability>
  void provide(Capability capability) {
    if (!capabilities_.emplace(typeid(Capability), std::move(capability)).second)
      throw std::logic_error("a capability provided twice");
  }

 private:
  [[noreturn]] void refuse(const char* absent) const;

  std::string name_;
  Settings settings_;
  std::unordered_map<std::type_index, std::any> capabilities_;
};

/// A replacer for any task, made from its tokens and its inputs alone.
struct ReplacerEntry {
  std::string name;  ///< `empirical`
  std::string help;
  std::function<std::unique_ptr<interp::attribution::Replacer>(const Task& task)> make;
};
interp::Registry<ReplacerEntry>& replacers();

}  // namespace assay::tasks
