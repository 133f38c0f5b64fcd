#pragma once
// Circuits of one experiment run on all of its inputs, over and over: the ground that the measures
// and tests of circuits stand on.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "circuits/components/patching.h"
#include "circuits/components/self_check.h"
#include "interp/execution/chunks.h"

namespace assay::circuits {

using interp::Progress;

/// What a run says about each of the n inputs.
struct Answers {
  at::Tensor metric;    ///< float64 [n]
  at::Tensor decision;  ///< int64 [n]: the token of largest logit among the answers
  at::Tensor logits;    ///< float32 [n, answers], of Evaluation::answer_tokens()
};

/// Inputs go through in chunks (chunks_of()), so results are the same whatever the threads. What
/// does not depend on the circuit is computed once and kept if it fits into 2 GiB, else anew for
/// every request. The experiment's parts must outlive it.
class Evaluation {
 public:
  /// Runs the network as it is and fully ablated, and proves itself: see self_check.h.
  /// @param on_progress  told of circuits and inputs done, at each request.
  /// @throws std::invalid_argument as validate(experiment), and if the ablation changes nothing;
  ///   std::runtime_error if the self-check fails.
  explicit Evaluation(const Experiment& experiment, Progress on_progress = {});

  const Experiment& experiment() const { return experiment_; }
  int64_t size() const { return experiment_.data.size(); }
  const SelfCheck& self_check() const { return self_check_; }
  const Answers& network() const { return network_; }  ///< M
  const Answers& empty() const { return empty_; }      ///< ∅: no edge kept
  /// Tokens among which inputs are decided, ascending.
  const at::Tensor& answer_tokens() const { return answer_tokens_; }

  /// @param kept  bool [rows, columns]. @throws std::invalid_argument for another shape or type.
  Answers run(const at::Tensor& kept) const;
  /// The metric alone, of many circuits: float64 [circuit, n].
  at::Tensor metrics(const std::vector<at::Tensor>& kept) const;

 private:
  using Use = std::function<void(size_t circuit, int64_t chunk, const PatchBatch& batch,
                                 const at::Tensor& logits)>;
  interp::Chunks chunks() const { return chunks_of(experiment_.data); }
  int64_t n_chunks() const { return chunks().count(); }
  PatchBatch batch(int64_t chunk) const;
  void for_each(const std::vector<at::Tensor>& kept, const Use& use) const;
  Answers answers(const PatchBatch& batch, const at::Tensor& logits) const;

  Experiment experiment_;
  Progress on_progress_;
  Ablator ablator_;
  std::vector<PatchBatch> batches_;  // empty if they do not fit
  at::Tensor answer_tokens_;
  SelfCheck self_check_;
  Answers network_, empty_;
};

}  // namespace assay::circuits
