#include "interp/attribution/slalom/sampling.h"

#include <torch/types.h>

#include <algorithm>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/seed_seq.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <numeric>

namespace assay::interp::attribution::slalom {
namespace {

using at::Tensor;

/// Random whole numbers of one row. Boost's distributions, unlike std's, give the same everywhere.
class Draws {
 public:
  Draws(uint64_t seed, int64_t row) {
    boost::random::seed_seq sequence = {
        static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), static_cast<uint32_t>(row)};
    engine_.seed(sequence);
  }
  int64_t between(int64_t least, int64_t most) {
    return boost::random::uniform_int_distribution<int64_t>(least, most)(engine_);
  }

 private:
  boost::random::mt19937_64 engine_;
};

/// @param n_kept  how many features a row keeps, drawn by it.
template <typename Size>
Tensor uniform_choices(int64_t n_features, int64_t rows, uint64_t seed, const Size& n_kept) {
  Tensor kept = at::zeros({rows, n_features}, torch::kBool);
  bool* row = kept.data_ptr<bool>();
  std::vector<int64_t> order(n_features);
  for (int64_t i = 0; i < rows; ++i, row += n_features) {
    Draws draws(seed, i);
    std::iota(order.begin(), order.end(), 0);
    const int64_t size = n_kept(draws);
    for (int64_t k = 0; k < size; ++k) {  // Fisher and Yates, as far as needed
      std::swap(order[k], order[draws.between(k, n_features - 1)]);
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
    Draws draws(seed, i);
    samples[i].resize(draws.between(min_length, max_length));
    for (int64_t& feature : samples[i]) feature = draws.between(0, n_features - 1);
  }
  return samples;
}

Tensor deletion_samples(int64_t n_features, int64_t rows, int64_t most, uint64_t seed) {
  const int64_t least_kept = std::max<int64_t>(1, n_features - most);
  return uniform_choices(n_features, rows, seed,
                         [&](Draws& draws) { return draws.between(least_kept, n_features); });
}

Tensor subset_samples(int64_t n_features, int64_t rows, uint64_t seed) {
  return uniform_choices(n_features, rows, seed,
                         [&](Draws& draws) { return draws.between(1, n_features); });
}

}  // namespace assay::interp::attribution::slalom
