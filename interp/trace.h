#pragma once
// One run of the network that records the sites asked for and overwrites those given.
//
// A run is a pure function of (model, tokens, request): no hooks stay behind, nothing is global. It
// computes what its plan says (plan.h) and nothing else, and it is differentiable, so training and
// analysis share one forward pass.

#include <ATen/core/Tensor.h>

#include <vector>

#include "interp/site.h"

namespace assay::interp {

class Transformer;

struct Overwrite {
  Site site;
  /// shape(site) with its positions counted in the sequence given; a batch of 1 is broadcast.
  at::Tensor value;
};

struct TraceRequest {
  std::vector<Site> record;
  std::vector<Overwrite> overwrite;
};

/// Runs the network as far as the request needs.
/// @param tokens  int64 [batch, pos], pos at most n_ctx, each in [0, d_vocab); may be undefined if
///   the overwrites form a complete cut in front of everything recorded.
/// @return the recorded values in the order of `request.record`, shaped as shape(site) says, with
///   the sequence's length in place of n_ctx. A recorded site that is also overwritten comes back
///   as overwritten; but what an overwritten score or pattern says of keys after the query is not read.
/// @throws std::invalid_argument on sites that the model lacks, on tokens out of range, on values
///   of the wrong shape or type (expected and got), and where tokens are needed and missing.
std::vector<at::Tensor> trace(const Transformer& model, const at::Tensor& tokens,
                              const TraceRequest& request);

/// Finite weights may still give NaN or infinity, of which no comparison says anything: whatever is
/// decided by logits or by a score made of them passes through here first.
/// @param values  [batch, …], computed from the rows of `tokens`, [batch, pos].
/// @param what  of which there are these values, in the plural.
/// @throws std::runtime_error naming the tokens of the first row that holds NaN or infinity.
void require_finite(const at::Tensor& values, const at::Tensor& tokens, const char* what);

/// Logits at one position. @return float32 [batch, vocab]. @throws as require_finite() does.
at::Tensor logits_at(const Transformer& model, const at::Tensor& tokens, int64_t position);

}  // namespace assay::interp
