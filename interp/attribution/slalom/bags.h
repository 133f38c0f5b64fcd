#pragma once
// What a surrogate sees of a sequence: which features stand in it, and how often. Order is lost.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace assay::interp::attribution::slalom {

struct Occurrence {
  int64_t feature = 0;
  double times = 0;
  bool operator==(const Occurrence&) const = default;
};
using Bag = std::vector<Occurrence>;  ///< ascending in features, each at most once, times > 0

/// @param features  in any order, with repetitions.
Bag bag_of(std::vector<int64_t> features);

/// Rows of a sparse matrix [rows, n_features]; a bag of two or three of many features costs no more
/// than these.
struct Bags {
  int64_t n_features = 0;
  std::vector<Bag> rows;

  int64_t size() const { return static_cast<int64_t>(rows.size()); }
};
at::Tensor dense(const Bags& bags);  ///< float64 [rows, n_features]

/// With one more feature, n_features, that stands once in every bag: a sink for attention that goes
/// to no feature, such as a network's first token takes. It is an extension of SLALOM: the
/// heavier the sink, the closer the model comes to one that is linear in the counts.
Bags with_sink(Bags bags);

/// What a model said of some bags.
struct Observations {
  Bags bags;
  at::Tensor scores;  ///< float64 [rows]
};
Observations with_sink(Observations data);
Observations joined(const Observations& left, const Observations& right);

/// Mean square around the mean: what the best constant leaves unexplained.
double variance(const Observations& data);

}  // namespace assay::interp::attribution::slalom
