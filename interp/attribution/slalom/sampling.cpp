#include "interp/attribution/slalom/sampling.h"

#include <torch/types.h>

#include <algorithm>
#include <numeric>

#include "interp/statistics/random.h"

namespace assay::interp::attribution::slalom {
namespace {

using at::Tensor;

using statistics::draw_between;
using statistics::Engine;

Engine engine_of(uint64_t seed, int64_t row) {
  return statistics::engine_at({seed, seed >> 32, static_cast<uint64_t>(row)});
}

/// @param n_kept  how many features a row keeps, drawn from its engine.
template <typename Size>
Tensor uniform_choices(int64_t n_features, int64_t rows, uint64_t seed, const Size& n_kept) {
  Tensor kept = at::zeros({rows, n_features}, torch::kBool);
  bool* row = kept.data_ptr<bool>();
  std::vector<int64_t> order(n_features);
  for (int64_t i = 0; i < rows; ++i, row += n_features) {
    Engine engine = engine_of(seed, i);
    std::iota(order.begin(), order.end(), 0);
    const int64_t size = n_kept(engine);
    for (int64_t k = 0; k < size; ++k) {  // Fisher and Yates, as far as needed
      std::swap(order[k], order[draw_between(engine, k, n_features - 1)]);
      row[order[k]] = true;
    }
  }
  return kept;
}

}  // namespace

std::vector<Sample> short_samples(int64_t n_features, int64_t rows, int64_t min_length,
                                  int64_t max_length, uint64_t seed) {
  std::vector<Sample> samples(rows);
  for (int64_t i = 0; i < rows; ++i) {
    Engine engine = engine_of(seed, i);
    samples[i].resize(draw_between(engine, min_length, max_length));
    for (int64_t& feature : samples[i]) feature = draw_between(engine, 0, n_features - 1);
  }
  return samples;
}

Tensor deletion_samples(int64_t n_features, int64_t rows, int64_t most, uint64_t seed) {
  const int64_t least_kept = std::max<int64_t>(1, n_features - most);
  return uniform_choices(n_features, rows, seed, [&](Engine& engine) {
    return draw_between(engine, least_kept, n_features);
  });
}

Tensor subset_samples(int64_t n_features, int64_t rows, uint64_t seed) {
  return uniform_choices(n_features, rows, seed,
                         [&](Engine& engine) { return draw_between(engine, 1, n_features); });
}

}  // namespace assay::interp::attribution::slalom
