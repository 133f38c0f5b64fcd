#pragma once
// Circuits of one experiment run on all of its inputs, over and over: the ground that the measures
// and tests of circuits stand on.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "circuits/measures/chunk_answers.h"

namespace assay::circuits {

using interp::Progress;

/// All chunks of an inquiry, answered.
struct Answered {
  Inquiry inquiry;
  std::vector<ChunkAnswers> chunks;
};
/// The same experiment under several ablations, by name.
using AnsweredByAblation = std::map<std::string, Answered>;

/// Inputs go through in chunks (chunks_of()), so results are the same whatever the threads. What
/// has been answered before is not asked again. The experiment's parts must outlive it.
class Evaluation {
 public:
  /// Asks for the network as it is and fully ablated, unless that is answered, and proves itself:
  /// see self_check.h.
  /// @param on_progress  told of circuits and inputs done, at each request.
  /// @param answered  of other ablations, too; null: nothing.
  /// @throws std::invalid_argument as validate(experiment), and if the ablation changes nothing;
  ///   std::runtime_error if the self-check fails.
  explicit Evaluation(const Experiment& experiment, Progress on_progress = {},
                      std::shared_ptr<const AnsweredByAblation> answered = nullptr);

  /// The same experiment under another ablation.
  Evaluation under(const std::string& ablation) const;

  const Experiment& experiment() const { return batches_->experiment(); }
  int64_t size() const { return experiment().data.size(); }
  const SelfCheck& self_check() const { return self_check_; }
  const Answers& network() const { return network_; }  ///< M
  const Answers& empty() const { return empty_; }      ///< ∅: no edge kept

  /// Tokens among which inputs are decided, ascending.
  const at::Tensor& answer_tokens() const { return batches_->answer_tokens(); }

  /// @param kept  bool [rows, columns]. @throws std::invalid_argument for another shape or type.
  Answers run(const at::Tensor& kept) const;
  /// The metric alone, of many circuits: float64 [circuit, n].
  at::Tensor metrics(const std::vector<at::Tensor>& kept) const;

 private:
  void remember(const Questions& questions, const std::vector<ChunkAnswers>& chunks);

  std::shared_ptr<const AnsweredByAblation> answered_;
  Progress on_progress_;
  std::shared_ptr<const PatchBatches> batches_;
  SelfCheck self_check_;
  Answers network_, empty_;
  /// By the bytes of the mask.
  std::map<std::string, Answers> in_full_;
  std::map<std::string, at::Tensor> metrics_;
};

}  // namespace assay::circuits
