#include "interp/attribution/embedded_input.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <stdexcept>

#include "interp/execution/chunks.h"
#include "interp/network/network.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// Results of `work` over the rows in chunks, one after the other again.
template <typename Work>
Tensor in_chunks(const Tensor& rows, const Work& work) {
  const Chunks chunks(rows.size(0), kInputsPerComponentRun);
  std::vector<Tensor> results(chunks.count());
  chunks.for_each([&](const Chunk& chunk) {
    results[chunk.index] = work(rows.narrow(0, chunk.first, chunk.count), chunk.first);
  });
  return at::cat(results);
}

Tensor run(const Network& model, const Tensor& tokens, const Tensor& embeddings) {
  const Site readout = logits_site(model, tokens.size(1) - 1);
  return model
      .trace(tokens.expand({embeddings.size(0), -1}),
             {.record = {readout}, .overwrite = {{embedding_site(model), embeddings}}})[0]
      .squeeze(1)
      .to(torch::kFloat64);
}

}  // namespace

EmbeddedInput::EmbeddedInput(const Network& model, const Input& input, const Framing& framing)
    : model_(model) {
  const at::NoGradGuard no_grad;
  tokens_ = framed(torch::tensor(input.tokens, torch::kInt64).unsqueeze(0), framing);
  embeddings_ = model.trace(tokens_, {.record = {embedding_site(model)}})[0][0];
  const int64_t padding = tokens_.size(1) - static_cast<int64_t>(input.tokens.size());
  const Tensor each = at::eye(input.size(), torch::kBool);
  members_ = at::constant_pad_nd(positions_of(input, each).to(torch::kFloat64), {padding, 0});
}

EmbeddedInput::EmbeddedInput(const Problem& problem)
    : EmbeddedInput(*problem.network, problem.input, problem.framing) {}

Tensor EmbeddedInput::with_features_at(const Tensor& vector) const {
  return at::where(members_.sum(0).gt(0).unsqueeze(1), vector, embeddings_);
}

Tensor EmbeddedInput::logits(const Tensor& embeddings) const {
  return in_chunks(embeddings, [&](const Tensor& rows, int64_t) {
    const at::NoGradGuard no_grad;
    return run(model_, tokens_, rows);
  });
}

EmbeddedInput::Gradients EmbeddedInput::gradients(const Target& target,
                                                  const Tensor& embeddings) const {
  if (target.kind == TargetKind::Rank)
    throw std::invalid_argument("a rank has no gradient: explain a logit or a probability");
  Tensor scores = at::empty({embeddings.size(0)}, torch::kFloat64);
  const Tensor gradients = in_chunks(embeddings, [&](const Tensor& rows, int64_t first) {
    const at::AutoGradMode with_grad(true);
    const Tensor x = rows.detach().clone().requires_grad_(true);
    const Tensor of_rows = evaluate(target, run(model_, tokens_, x));
    const Tensor gradient = torch::autograd::grad({of_rows.sum()}, {x})[0];
    scores.narrow(0, first, rows.size(0)).copy_(of_rows.detach());
    return gradient;
  });
  return {scores, gradients};
}

Tensor EmbeddedInput::summed(const Tensor& of_positions) const {
  return at::mv(members_, of_positions.to(torch::kFloat64));
}

Tensor EmbeddedInput::spread(const Tensor& of_features, double elsewhere) const {
  return at::mv(members_.t(), of_features) + elsewhere * (1 - members_.sum(0));
}

}  // namespace assay::interp::attribution
