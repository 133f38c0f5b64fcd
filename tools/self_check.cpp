#include "tools/self_check.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "interp/trace.h"
#include "interp/transformer.h"

namespace assay::tools {
namespace {

using at::Tensor;
using interp::Hook;
using interp::Place;

constexpr int64_t kProbes = 4, kLongest = 64;
constexpr int64_t kLongestFinite = 1024;
constexpr double kMostProducts = 5e10;     // a second or so
constexpr int64_t kMostNumbers = 1 << 25;  // held at once: 128 MiB

/// Numbers at all places of one input of this length.
double numbers_at(interp::TransformerConfig config, int64_t length) {
  config.n_ctx = length;
  double sum = 0;
  for (const Place& place : interp::places(config)) {
    double size = 1;
    for (const int64_t axis : interp::shape({.place = place}, config)) {
      size *= static_cast<double>(std::max<int64_t>(axis, 1));  // the batch is -1
    }
    sum += size;
  }
  return sum;
}

/// The longest input of which `inputs` fit into memory, at most `longest`.
int64_t fitting_length(const interp::TransformerConfig& config, int64_t inputs, int64_t longest) {
  int64_t length = std::min(longest, config.n_ctx);
  while (length > 1 && static_cast<double>(inputs) * numbers_at(config, length) > kMostNumbers) {
    length /= 2;
  }
  return length;
}

/// std::max would lose a NaN.
double larger(double left, double right) {
  return std::isnan(left) || left > right ? left : right;
}

Tensor plus_bias(const Tensor& value, const Tensor& bias) {
  return bias.defined() ? value + bias : value;
}

Tensor normalised(const Tensor& stream, const interp::LayerNorm* norm,
                  const interp::TransformerConfig& config) {
  if (!norm) return stream;
  return at::layer_norm(stream, {config.d_model}, norm->w, norm->b, config.norm_eps);
}

/// From the definitions.
Tensor recomputed_activation(const Tensor& x, interp::Activation activation) {
  if (activation == interp::Activation::Relu) return x * x.gt(0);
  if (activation == interp::Activation::GeluExact) {
    return 0.5 * x * (1 + at::erf(x / std::numbers::sqrt2));
  }
  const Tensor inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1 + at::tanh(inner));
}

/// What was recorded, and how far the recomputations are from it.
class Recording {
 public:
  Recording(const interp::Transformer& model, const Tensor& tokens) {
    interp::TraceRequest request;
    const std::vector<Place> places = interp::places(model.config());
    for (const Place& place : places) request.record.push_back({.place = place});
    const std::vector<Tensor> recorded = interp::trace(model, tokens, request);
    for (size_t i = 0; i < places.size(); ++i) values_[places[i]] = recorded[i];
  }

  const Tensor& operator()(Hook hook, int64_t layer = 0) const { return values_.at({hook, layer}); }

  void compare(const std::string& formula, const Tensor& recorded, const Tensor& recomputed) {
    auto entry = std::ranges::find(identities_, formula, &Identity::formula);
    if (entry == identities_.end()) entry = identities_.insert(entry, Identity{.formula = formula});
    const auto largest = [](const Tensor& value) { return value.abs().max().item<double>(); };
    entry->largest_error = larger(entry->largest_error, largest(recorded - recomputed));
    entry->largest_value = larger(entry->largest_value, largest(recomputed));
  }

  const std::vector<Identity>& identities() const { return identities_; }

 private:
  std::map<Place, Tensor> values_;
  std::vector<Identity> identities_;
};

void check_block(Recording& run, const interp::Transformer& model, int64_t layer) {
  const interp::Block& block = *model.blocks[layer];
  const Tensor mid = run(Hook::ResidMid, layer), pre = run(Hook::MlpPre, layer);
  const Tensor mlp_in = normalised(mid, block.ln2.get(), model.config());
  const Tensor start =
      layer == 0 ? run(Hook::Embed) + run(Hook::PosEmbed) : run(Hook::ResidPost, layer - 1);
  run.compare(layer == 0 ? "resid_pre = embed + pos_embed" : "resid_pre = resid_post before it",
              run(Hook::ResidPre, layer), start);
  run.compare("attn_out = Σ z W_O + b_O", run(Hook::AttnOut, layer),
              plus_bias(at::einsum("bphe,hed->bpd", {run(Hook::Z, layer), block.attn->W_O}),
                        block.attn->b_O));
  run.compare("resid_mid = resid_pre + attn_out", mid,
              run(Hook::ResidPre, layer) + run(Hook::AttnOut, layer));
  run.compare("mlp.pre = norm(resid_mid) W_in + b_in", pre,
              plus_bias(at::matmul(mlp_in, block.mlp->W_in), block.mlp->b_in));
  run.compare("mlp.post = activation of mlp.pre", run(Hook::MlpPost, layer),
              recomputed_activation(pre, model.config().activation));
  run.compare("mlp_out = mlp.post W_out + b_out", run(Hook::MlpOut, layer),
              plus_bias(at::matmul(run(Hook::MlpPost, layer), block.mlp->W_out), block.mlp->b_out));
  run.compare("resid_post = resid_mid + mlp_out", run(Hook::ResidPost, layer),
              mid + run(Hook::MlpOut, layer));
}

/// The logits as the sum of everything that was ever written into the residual stream.
Tensor logits_from_writers(const Recording& run, const interp::Transformer& model) {
  const interp::TransformerConfig& config = model.config();
  Tensor stream = run(Hook::Embed) + run(Hook::PosEmbed);
  for (int64_t layer = 0; layer < config.n_layers(); ++layer) {
    stream = stream + run(Hook::AttnOut, layer) + run(Hook::MlpOut, layer);
  }
  stream = normalised(stream, model.ln_final.get(), config);
  return plus_bias(at::matmul(stream, model.W_U), model.b_U);
}

}  // namespace

std::vector<Identity> check_residual_identities(const interp::Transformer& model, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const interp::TransformerConfig& config = model.config();
  const int64_t length = fitting_length(config, kProbes, kLongest);
  const Tensor tokens = at::randint(config.d_vocab, {kProbes, length},
                                    at::detail::createCPUGenerator(seed), torch::kInt64);
  Recording run(model, tokens.to(model.W_E.device()));
  for (int64_t layer = 0; layer < config.n_layers(); ++layer) check_block(run, model, layer);
  run.compare("logits = norm(embed + Σ attn_out + Σ mlp_out) W_U + b_U", run(Hook::Logits),
              logits_from_writers(run, model));
  return run.identities();
}

int64_t inputs_without_finite_logits(const interp::Transformer& model, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const interp::TransformerConfig& config = model.config();
  double weights = 0;
  for (const Tensor& weight : model.parameters()) weights += static_cast<double>(weight.numel());
  const auto affordable = static_cast<int64_t>(std::max(1.0, kMostProducts / weights));  // tokens
  const int64_t length = fitting_length(config, 1, std::min(kLongestFinite, affordable));
  const int64_t rows = std::clamp((config.d_vocab + length - 1) / length, int64_t{1},
                                  std::max<int64_t>(1, affordable / length));
  const Tensor each = at::arange(rows * length, torch::kInt64).remainder(config.d_vocab);
  const Tensor random = at::randint(config.d_vocab, {kProbes, length},
                                    at::detail::createCPUGenerator(seed), torch::kInt64);
  const Tensor tokens = at::cat({each.view({rows, length}), random});
  int64_t found = 0;
  for (int64_t row = 0; row < tokens.size(0); ++row) {
    const Tensor input = tokens.narrow(0, row, 1).to(model.W_E.device());
    const interp::Site logits{.place = {Hook::Logits, 0}};
    const Tensor all = interp::trace(model, input, {.record = {logits}, .overwrite = {}})[0];
    if (!at::isfinite(all).all().item<bool>()) ++found;
  }
  return found;
}

}  // namespace assay::tools
