#include "interp/network/network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

namespace assay::interp {

using at::Tensor;

const Transformer& require_transformer(const Network& network, const char* what) {
  if (const Transformer* transformer = network.transformer()) return *transformer;
  throw std::invalid_argument(
      fmt::format("{}: expected a transformer of Assay's own, whose components can be run one by "
                  "one; of this network only places are known",
                  what));
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

Site logits_site(const Network& network, int64_t position) {
  const Places& places = network.places();
  if (places.logits < 0)
    throw std::invalid_argument("of this network nobody has said at which place its logits are");
  const bool pooled = places[places.logits].positions(places.n_ctx) < places.n_ctx;
  return {.place = places[places.logits].name, .positions = {pooled ? 0 : position}};
}

Site embedding_site(const Network& network) {
  const Places& places = network.places();
  if (places.embedding < 0)
    throw std::invalid_argument(
        "of this network nobody has said at which place its tokens become vectors");
  return {.place = places[places.embedding].name};
}

Tensor token_embeddings(const Network& network) {
  const at::NoGradGuard no_grad;
  const int64_t n = network.places().n_tokens, row = std::min(n, network.places().n_ctx);
  const int64_t rows = (n + row - 1) / row;
  const Tensor tokens = at::arange(rows * row, torch::kInt64).clamp_max(n - 1).view({rows, row});
  return network.trace(tokens.to(network.device()), {.record = {embedding_site(network)}})[0]
      .flatten(0, 1)
      .narrow(0, 0, n);
}

Tensor logits_at(const Network& network, const Tensor& tokens, int64_t position) {
  const Tensor logits =
      network.trace(tokens, {.record = {logits_site(network, position)}})[0].squeeze(1);
  require_finite(logits, tokens, "logits");
  return logits;
}

}  // namespace assay::interp
