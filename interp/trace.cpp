#include "interp/trace.h"

#include <fmt/ranges.h>
#include <torch/types.h>

#include <stdexcept>

#include "interp/layers.h"
#include "interp/plan.h"
#include "interp/tracing/arguments.h"
#include "interp/tracing/attention.h"
#include "interp/tracing/overlay.h"
#include "interp/tracing/run.h"
#include "interp/tracing/selection.h"
#include "interp/transformer.h"

namespace assay::interp {
namespace {

using at::Tensor;
using tracing::Run;

Tensor resid_pre(const Run& run, const Step& step) {
  const int64_t layer = step.place.layer;
  if (layer > 0) return run.read({Hook::ResidPost, layer - 1}, step.computed);
  if (step.folded) {
    const tracing::DistinctInputs& inputs = *run.distinct_inputs();
    return inputs.spread(inputs.embeddings(), step.computed);
  }
  return run.read({Hook::Embed, 0}, step.computed) + run.read({Hook::PosEmbed, 0}, step.computed);
}

Tensor mlp_post(const Run& run, const Step& step) {
  const Place pre{Hook::MlpPre, step.place.layer};
  const Tensor x = run.read(pre, step.computed);
  const bool relu = run.config().activation == Activation::Relu;
  if (!relu || run.is_seen(pre) || x.requires_grad()) return activated(x, run.config());
  return at::relu_(const_cast<Tensor&>(x));  // nobody sees the pre-activation: its memory serves
}

// The value of the step's place at the positions that are computed.
Tensor compute(const Run& run, const Step& step) {
  const auto& [hook, layer] = step.place;
  const Transformer& model = run.model();
  const Block& block = *model.blocks[layer];
  const auto read = [&](Hook from) { return run.read({from, step.place.layer}, step.computed); };
  // Of places that are computed from one other place, at the same positions.
  const auto input = [&] {
    return run.read(dependencies(step.place, run.config()).front().from, step.computed);
  };
  switch (hook) {
    case Hook::Embed:
      return at::embedding(model.W_E, tracing::select(run.tokens(), 1, step.computed));
    case Hook::PosEmbed:
      return tracing::select(model.W_pos, 0, step.computed).unsqueeze(0);
    case Hook::ResidPre:
      return resid_pre(run, step);
    case Hook::Ln1:
      return normalised(input(), block.ln1, run.config());
    case Hook::Q:
    case Hook::K:
    case Hook::V:
      return queries_keys_or_values(run, step);
    case Hook::AttnScores:
      return scores(run, step);
    case Hook::Pattern:
      return pattern(run, step);
    case Hook::Z:
      return z(run, step);
    case Hook::AttnOut:
      return attn_out(run, step);
    case Hook::ResidMid:
      return read(Hook::ResidPre) + read(Hook::AttnOut);
    case Hook::Ln2:
      return normalised(input(), block.ln2, run.config());
    case Hook::MlpPre:
      return affine(input(), block.mlp->W_in, block.mlp->b_in);
    case Hook::MlpPost:
      return mlp_post(run, step);
    case Hook::MlpOut:
      return affine(input(), block.mlp->W_out, block.mlp->b_out);
    case Hook::ResidPost:
      return read(Hook::ResidMid) + read(Hook::MlpOut);
    case Hook::LnFinal:
      return normalised(input(), model.ln_final, run.config());
    case Hook::Logits:
      return affine(input(), model.W_U, model.b_U);
  }
  return {};
}

Tensor value_of(const Run& run, const Step& step) {
  Tensor value = step.computed.empty() ? Tensor() : compute(run, step);
  if (value.defined() && is_attention_map(step.place.hook) && run.is_seen(step.place))
    value = with_all_keys(run, step, value);
  return overlay(run, step, value);
}

}  // namespace

std::vector<Tensor> trace(const Transformer& model, const Tensor& tokens,
                          const TraceRequest& request) {
  Run run(model, tokens, request, tracing::check_arguments(model, tokens, request));
  for (const Step& step : run.plan().steps()) run.set(step.place, value_of(run, step));
  std::vector<Tensor> recorded;
  for (const Site& site : request.record) recorded.push_back(run.recorded(site));
  return recorded;
}

void require_finite(const Tensor& values, const Tensor& tokens, const char* what) {
  const Tensor finite = at::isfinite(values.detach());
  if (finite.all().item<bool>()) return;
  const Tensor rows = finite.logical_not().reshape({values.size(0), -1}).any(1).nonzero();
  const Tensor row = tokens[rows[0].item<int64_t>()].to(at::kCPU, at::kLong).contiguous();
  const at::ArrayRef<int64_t> ids(row.data_ptr<int64_t>(), static_cast<size_t>(row.numel()));
  throw std::runtime_error(fmt::format("the {} for the tokens [{}] are not finite: NaN or infinity",
                                       what, fmt::join(ids, " ")));
}

Tensor logits_at(const Transformer& model, const Tensor& tokens, int64_t position) {
  const Site readout{.place = {Hook::Logits, 0}, .positions = {position}};
  const Tensor logits = trace(model, tokens, {.record = {readout}, .overwrite = {}})[0].squeeze(1);
  require_finite(logits, tokens, "logits");
  return logits;
}

}  // namespace assay::interp
