#pragma once
// A scorer: token sequences in, one number per sequence out. It is all that a feature-level
// explainer may know of a network.

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

#include "interp/attribution/target.h"

namespace assay::interp {
class Network;
}

namespace assay::interp::attribution {

using Sequence = std::vector<int64_t>;  ///< tokens

/// @param tokens  int64 [rows, pos].
std::vector<Sequence> sequences_of(const at::Tensor& tokens);

/// How a sequence is laid out for a network that always reads the same number of tokens.
struct Framing {
  int64_t length = 0;   ///< shorter sequences are padded to it on the left; 0: taken as they are
  int64_t padding = 0;  ///< with this token
  bool operator==(const Framing&) const = default;
};
/// int64 [rows, pos] -> int64 [rows, length]. @throws std::invalid_argument for sequences that are
/// longer than framing.length.
at::Tensor framed(const at::Tensor& tokens, const Framing& framing);
/// The sequence of one row, without its padding. @param tokens  int64 [pos].
Sequence unframed(const at::Tensor& tokens, const Framing& framing);

/// How sequences go through a network: each distinct one once, with up to kInputsPerRun others of
/// its length. Batches depend on the sequences alone, so their scores may be had anywhere.
class SequenceBatches {
 public:
  /// @throws std::invalid_argument for no sequence and for an empty one.
  explicit SequenceBatches(const std::vector<Sequence>& sequences);

  int64_t count() const { return std::ssize(batches_); }
  int64_t distinct() const { return std::ssize(index_of_); }
  int64_t size_of(int64_t batch) const { return std::ssize(batches_.at(batch)); }
  at::Tensor tokens(int64_t batch) const;  ///< int64 [rows, pos]
  /// @param scores  of all batches, [rows, …]. @return those of the sequences, in their order.
  at::Tensor in_order(const std::vector<at::Tensor>& scores) const;

 private:
  std::map<Sequence, int64_t> index_of_;  // ordered; where each stands in the batches
  std::vector<std::vector<const Sequence*>> batches_;
  std::vector<int64_t> order_;
};

class Scorer {
 public:
  /// Scores rows of one length: int64 [rows, pos] -> floating [rows], or [rows, k] for k numbers
  /// per row. Called from several threads at once.
  using Function = std::function<at::Tensor(const at::Tensor& tokens)>;

  explicit Scorer(Function function);

  /// Scores in the order of the sequences: float64 [n] or [n, k]. Equal sequences are scored once;
  /// the others go through in chunks of one length and of fixed size, so a score does not depend on
  /// the number of threads. @throws std::invalid_argument for no or an empty sequence,
  /// std::runtime_error naming the first sequence whose score is not finite.
  at::Tensor operator()(const std::vector<Sequence>& sequences) const;
  double score(const Sequence& sequence) const;  ///< of one sequence
  /// Of the sequences of one batch, on this thread.
  at::Tensor of_batch(const SequenceBatches& batches, int64_t batch) const;

  /// Rows that the network has been run on so far, by this scorer and its copies.
  int64_t rows() const { return *rows_; }

 private:
  Function function_;
  std::shared_ptr<std::atomic<int64_t>> rows_;
};

/// What the network says of a target at the last position of the framed sequence. The model must
/// outlive the scorer.
Scorer scorer_of(const Network& model, const Target& target, const Framing& framing = {});
/// Its logits there: k = d_vocab numbers per row.
Scorer logits_scorer_of(const Network& model, const Framing& framing = {});

}  // namespace assay::interp::attribution
