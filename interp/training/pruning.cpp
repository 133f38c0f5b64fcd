#include "interp/training/pruning.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/execution/chunks.h"
#include "interp/network/transformer.h"
#include "interp/training/answers.h"

namespace assay::interp {

using at::Tensor;

namespace {

Tensor mlp_weight(const Transformer& model, int64_t layer, const char* name) {
  return model.weight(fmt::format("blocks.{}.mlp.{}", layer, name));
}

}  // namespace

int64_t prune_neurons(Transformer& model, int64_t layer, const std::vector<int64_t>& neurons) {
  const at::NoGradGuard no_grad;
  if (!neurons.empty()) {
    const Tensor index = torch::tensor(neurons, torch::kInt64).to(model.device());
    mlp_weight(model, layer, "W_in").index_fill_(1, index, 0);
    mlp_weight(model, layer, "W_out").index_fill_(0, index, 0);
    if (const Tensor b_in = mlp_weight(model, layer, "b_in"); b_in.defined())
      b_in.index_fill_(0, index, 0);
  }
  return living_neurons(model, layer);
}

int64_t living_neurons(const Transformer& model, int64_t layer) {
  if (model.config().d_mlp == 0) return 0;
  return mlp_weight(model, layer, "W_out").abs().amax(1).gt(0).sum().item<int64_t>();
}

std::vector<int64_t> weakest_neurons(const Transformer& model, int64_t readout, int64_t keep,
                                     const LabelledInputs& inputs, int64_t n) {
  const at::NoGradGuard no_grad;
  const int64_t last = model.config().n_layers() - 1;
  Tensor reach = at::zeros({model.config().d_mlp}, model.W_E().options().requires_grad(false));
  std::vector<Tensor> labels;
  Chunks(n, kInputsPerStep).in_turn([&](const Chunk& chunk) {
    const LabelledBatch part = inputs(chunk.first, chunk.count);
    const Tensor hidden = values_at_answers(model, part, readout, {hook::mlp_post(last)})[0];
    if (hidden.size(0) == 0) return;  // nothing to be answered here
    reach = at::maximum(reach, hidden.abs().amax(0));
    labels.push_back(answer_labels(part));
  });
  if (labels.empty())
    throw std::invalid_argument(
        fmt::format("pruning: none of {} inputs has a label to choose neurons by", n));
  const Tensor answers = std::get<0>(at::unique_dim(at::cat(labels), 0));
  const Tensor logits =
      at::matmul(mlp_weight(model, last, "W_out"), model.W_U().index_select(1, answers));
  const Tensor coefficient = (logits - logits.mean(1, true)).abs().amax(1);
  const Tensor order = (reach * coefficient).argsort(0, /*descending=*/true);
  const Tensor weak = order.slice(0, keep).contiguous().cpu();
  return {weak.data_ptr<int64_t>(), weak.data_ptr<int64_t>() + weak.numel()};
}

}  // namespace assay::interp
