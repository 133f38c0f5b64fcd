#include "interp/tracing/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/trace.h"
#include "interp/transformer.h"

namespace assay::interp::tracing {
namespace {

using at::Tensor;

void check_tokens(const Tensor& tokens, const TransformerConfig& config) {
  if (tokens.dim() != 2 || tokens.scalar_type() != at::kLong)
    throw std::invalid_argument(fmt::format("tokens: expected int64 [batch, pos], got {} {}",
                                            c10::toString(tokens.scalar_type()),
                                            tokens.sizes().vec()));
  if (tokens.size(1) > config.n_ctx)
    throw std::invalid_argument(fmt::format("tokens: {} positions, but the model has only {}",
                                            tokens.size(1), config.n_ctx));
  if (tokens.numel() == 0) throw std::invalid_argument("tokens: the batch is empty");
  const int64_t low = tokens.min().item<int64_t>(), high = tokens.max().item<int64_t>();
  if (low < 0 || high >= config.d_vocab)
    throw std::invalid_argument(fmt::format("tokens: token {} is out of range [0, {})",
                                            low < 0 ? low : high, config.d_vocab));
}

void check_type(const Overwrite& overwrite, const Transformer& model) {
  if (!overwrite.value.defined())
    throw std::invalid_argument(
        fmt::format("overwriting '{}': no value given", to_string(overwrite.site)));
  if (overwrite.value.scalar_type() != model.W_E.scalar_type())
    throw std::invalid_argument(fmt::format(
        "overwriting '{}': expected {} values, got {}", to_string(overwrite.site),
        c10::toString(model.W_E.scalar_type()), c10::toString(overwrite.value.scalar_type())));
}

void check_shape(const Overwrite& overwrite, const TransformerConfig& config,
                 const Extent& extent) {
  std::vector<int64_t> expected = shape(overwrite.site, config);
  const bool map = is_attention_map(overwrite.site.place.hook);
  if (overwrite.site.positions.empty())
    expected[map && !overwrite.site.head ? 2 : 1] = extent.n_pos;
  if (map) expected.back() = extent.n_pos;
  const std::vector<int64_t> got = overwrite.value.sizes().vec();
  expected[0] = got.empty() || got[0] != 1 ? extent.batch : 1;
  if (got != expected)
    throw std::invalid_argument(fmt::format("overwriting '{}': expected shape {}, got {}",
                                            to_string(overwrite.site), expected, got));
}

}  // namespace

Extent check_arguments(const Transformer& model, const Tensor& tokens,
                       const TraceRequest& request) {
  const TransformerConfig& config = model.config();
  for (const Site& site : request.record) validate(site, config);
  Extent extent{.batch = 1, .n_pos = config.n_ctx};
  if (tokens.defined()) {
    check_tokens(tokens, config);
    extent = {.batch = tokens.size(0), .n_pos = tokens.size(1)};
  }
  for (const Overwrite& overwrite : request.overwrite) {
    validate(overwrite.site, config);
    check_type(overwrite, model);
    if (!tokens.defined() && overwrite.value.dim() > 0)
      extent.batch = std::max(extent.batch, overwrite.value.size(0));
  }
  for (const Overwrite& overwrite : request.overwrite) check_shape(overwrite, config, extent);
  return extent;
}

}  // namespace assay::interp::tracing
