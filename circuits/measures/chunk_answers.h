#pragma once
// What circuits answer, chunk of inputs by chunk. No chunk knows of any other, so that they can be
// shared out among runs, kept when a run is interrupted, and put in a row again: whatever is said
// of all inputs (means, intervals, tests) is computed from the answers of all chunks, never merged.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "circuits/components/patching.h"
#include "circuits/components/self_check.h"

namespace assay::circuits {

/// What a run says about each of n inputs.
struct Answers {
  at::Tensor metric;    ///< float64 [n]
  at::Tensor decision;  ///< int64 [n]: the token of largest logit among the answers
  at::Tensor logits;    ///< float32 [n, answers], of PatchBatches::answer_tokens()
};

/// Circuits that are asked about before any answer is known, bool [rows, columns] each.
struct Questions {
  std::vector<at::Tensor> in_full = {};    ///< for all that Answers hold
  std::vector<at::Tensor> by_metric = {};  ///< for the metric alone
};
void add(Questions& questions, const Questions& more);

/// The network, ∅ (no edge kept) and the circuits asked about, on one chunk.
struct ChunkAnswers {
  bool changed = false;  ///< whether the ablation changed any component's output
  SelfCheck self_check = {};
  Answers network = {}, empty = {};
  std::vector<Answers> in_full = {};  ///< of Questions::in_full
  at::Tensor by_metric;               ///< float64 [circuits, n], of Questions::by_metric
};

/// An experiment's inputs chunk by chunk, with all that does not depend on the circuit. They are
/// made when they are first asked for, and kept if all of them fit into 2 GiB.
class PatchBatches {
 public:
  /// @throws std::invalid_argument as validate(experiment) and Ablator.
  explicit PatchBatches(const Experiment& experiment);

  const Experiment& experiment() const { return experiment_; }
  const Ablator& ablator() const { return ablator_; }
  interp::Chunks chunks() const { return chunks_of(experiment_.data); }
  bool are_kept() const { return !kept_.empty(); }
  /// Tokens among which inputs are decided, ascending.
  const at::Tensor& answer_tokens() const { return answer_tokens_; }
  /// From any thread.
  PatchBatch operator[](int64_t chunk) const;
  /// What a circuit answers on one of them. @param logits  [batch, vocab], of run_circuit().
  Answers answers(const PatchBatch& batch, const at::Tensor& logits) const;

 private:
  struct Slot {
    std::once_flag made;
    PatchBatch batch;
  };
  Experiment experiment_;
  Ablator ablator_;
  at::Tensor answer_tokens_;
  std::vector<std::unique_ptr<Slot>> kept_;
};

/// What is asked of one experiment.
struct Inquiry {
  std::shared_ptr<const PatchBatches> batches;
  Questions questions = {};
  bool proves = true;  ///< asks for the network and ∅ as well, and checks what they answer
};

/// Answers these chunks, in their order and several at a time.
/// @param use  takes the answers of a chunk, from several threads but one at a time.
/// @param watch  is told of inputs done, for each circuit.
/// @throws std::invalid_argument for a circuit of another shape or type.
void answer(const Inquiry& inquiry, const std::vector<int64_t>& chunks,
            const std::function<void(int64_t chunk, ChunkAnswers answers)>& use,
            const Watch& watch = {});

/// Answers as records keep them, and back.
nlohmann::ordered_json to_json(const ChunkAnswers& answers, const Inquiry& inquiry, int64_t chunk);
/// @throws std::invalid_argument "field …" for what are no answers of this chunk to these
///   questions: other members or numbers of inputs, circuits or answers, numbers that are none.
ChunkAnswers chunk_answers_from_json(const nlohmann::ordered_json& json, const Inquiry& inquiry,
                                     int64_t chunk);

}  // namespace assay::circuits
