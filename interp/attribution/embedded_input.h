#pragma once
// An input inside the network: at the point where its tokens have become vectors.
//
// Methods that look inside change these vectors at the features' positions. Position embeddings are
// added after that point, and context (padding too) stays as it is.

#include <ATen/core/Tensor.h>

#include "interp/attribution/features.h"
#include "interp/attribution/method.h"

namespace assay::interp::attribution {

class EmbeddedInput {
 public:
  /// @param model  must outlive this. @throws std::invalid_argument for an input longer than
  ///   framing.length, or than the network reads.
  EmbeddedInput(const Network& model, const Input& input, const Framing& framing);
  /// Of a problem with a model.
  explicit EmbeddedInput(const Problem& problem);

  const at::Tensor& tokens() const { return tokens_; }          ///< framed, int64 [1, pos]
  const at::Tensor& embeddings() const { return embeddings_; }  ///< [pos, d_model]
  /// The embeddings with this vector at every position of a feature. [pos, d_model].
  at::Tensor with_features_at(const at::Tensor& vector) const;

  /// Logits at the last position. @param embeddings  [rows, pos, d_model].
  /// @return float64 [rows, vocab].
  at::Tensor logits(const at::Tensor& embeddings) const;

  struct Gradients {
    at::Tensor scores;     ///< of the target, float64 [rows]
    at::Tensor gradients;  ///< of these in the embeddings, [rows, pos, d_model]
  };
  /// @throws std::invalid_argument for a rank, which has no gradient.
  Gradients gradients(const Target& target, const at::Tensor& embeddings) const;

  /// Sums over each feature's positions: [pos] -> float64 [features].
  at::Tensor summed(const at::Tensor& of_positions) const;
  /// Each feature's value at its positions and `elsewhere` at the context: [features] -> [pos].
  at::Tensor spread(const at::Tensor& of_features, double elsewhere) const;

 private:
  const Network& model_;
  at::Tensor tokens_, embeddings_;
  at::Tensor members_;  // float64 [features, pos], 1 where a position belongs to a feature
};

}  // namespace assay::interp::attribution
