#include "interp/tracing/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

namespace assay::interp::tracing {
namespace {

using at::Tensor;

void check_tokens(const Tensor& tokens, const Places& places) {
  if (tokens.dim() != 2 || tokens.scalar_type() != at::kLong)
    throw std::invalid_argument(fmt::format("tokens: expected int64 [batch, pos], got {} {}",
                                            c10::toString(tokens.scalar_type()),
                                            tokens.sizes().vec()));
  if (tokens.size(1) > places.n_ctx)
    throw std::invalid_argument(fmt::format("tokens: {} positions, but the model has only {}",
                                            tokens.size(1), places.n_ctx));
  if (tokens.numel() == 0) throw std::invalid_argument("tokens: the batch is empty");
  const int64_t low = tokens.min().item<int64_t>(), high = tokens.max().item<int64_t>();
  if (low < 0 || high >= places.n_tokens)
    throw std::invalid_argument(fmt::format("tokens: token {} is out of range [0, {})",
                                            low < 0 ? low : high, places.n_tokens));
}

void check_type(const Overwrite& overwrite, at::ScalarType type) {
  if (!overwrite.value.defined())
    throw std::invalid_argument(
        fmt::format("overwriting '{}': no value given", to_string(overwrite.site)));
  if (overwrite.value.scalar_type() != type)
    throw std::invalid_argument(fmt::format("overwriting '{}': expected {} values, got {}",
                                            to_string(overwrite.site), c10::toString(type),
                                            c10::toString(overwrite.value.scalar_type())));
}

void check_shape(const Overwrite& overwrite, const Places& places, const Extent& extent) {
  const Site& site = overwrite.site;
  std::vector<int64_t> expected = shape(site, places);
  size_t axis = 1;
  for (const auto& [kind, size] : places[places.at(site.place)].axes) {
    if (kind == Axis::Head && site.head) continue;
    const bool whole = size < 0 && (kind == Axis::Key || site.positions.empty());
    if (whole) expected[axis] = extent.n_pos;
    ++axis;
  }
  const std::vector<int64_t> got = overwrite.value.sizes().vec();
  expected[0] = got.empty() || got[0] != 1 ? extent.batch : 1;
  if (got != expected)
    throw std::invalid_argument(
        fmt::format("overwriting '{}': expected shape {}, got {}", to_string(site), expected, got));
}

}  // namespace

Extent extent_of(const Places& places, const Tensor& tokens, const TraceRequest& request) {
  if (tokens.defined()) {
    check_tokens(tokens, places);
    return {.batch = tokens.size(0), .n_pos = tokens.size(1)};
  }
  Extent extent{.batch = 1, .n_pos = places.n_ctx};
  for (const Overwrite& overwrite : request.overwrite)
    if (overwrite.value.defined() && overwrite.value.dim() > 0)
      extent.batch = std::max(extent.batch, overwrite.value.size(0));
  return extent;
}

void check_values(const Places& places, const TraceRequest& request, const Extent& extent,
                  at::ScalarType type) {
  for (const Overwrite& overwrite : request.overwrite) {
    check_type(overwrite, type);
    check_shape(overwrite, places, extent);
  }
}

}  // namespace assay::interp::tracing
