#include "interp/adapters/attention_mask.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cstdlib>

#include "interp/files/fail.h"
#include "interp/network/config.h"

namespace assay::interp {
namespace {

/// How many positions back a causal mask lets a position look, itself included; 0 if it is none.
int64_t window_of(const at::Tensor& mask) {
  const at::Tensor kept = mask.ne(0);
  const int64_t window = kept[-1].sum().item<int64_t>();
  const at::Tensor band = at::ones_like(kept).tril().triu(1 - window);
  return window > 0 && kept.equal(band) ? window : 0;
}

/// What the configuration says of the block that the mask stands in, the first number in its name.
int64_t window_in(const TransformerConfig& config, const std::string& mask) {
  const size_t digit = mask.find_first_of("0123456789");
  const int64_t layer = digit == mask.npos ? 0 : std::atoll(mask.c_str() + digit);
  const int64_t window = layer < config.n_layers() ? config.window(layer) : 0;
  return window == 0 ? config.n_ctx : std::min(window, config.n_ctx);
}

}  // namespace

void require_same_attention(const std::string& name, const at::Tensor& mask,
                            const TransformerConfig& config) {
  const int64_t n = config.n_ctx;
  if (mask.dim() < 2 || mask.size(-1) != n || mask.size(-2) != n || mask.numel() != n * n) {
    fail("tensor '{}': expected a mask of [{}, {}], found shape [{}]", name, n, n,
         fmt::join(mask.sizes(), ", "));
  }
  const at::Tensor map = mask.reshape({n, n});
  if (map.ne(0).all().item<bool>()) {
    if (!config.causal || n == 1) return;
    fail("tensor '{}': lets positions attend to all others, but the network is said to be causal",
         name);
  }
  const int64_t window = window_of(map), said = window_in(config, name);
  if (window == said) return;
  if (window > 0) {
    fail(
        "tensor '{}': lets positions attend to the last {}, but the network is said to let them "
        "attend to {}",
        name, window, said == n ? std::string("all before them") : std::to_string(said));
  }
  fail("tensor '{}': neither causal nor full, and no other mask can be run", name);
}

}  // namespace assay::interp
