#pragma once
// Where a network holds a value, as far as linear maps can read it there: a ridge regression from
// the activations at every position of every place on the way to the answer.
//
// A value may have many elements (the clauses of a formula, the components of two tokens), and no
// position need hold them all. So of each place there is also a group: each element is read where
// it is read best, unless the best single position is nearly as good. A regression on all positions
// side by side would be fitted to more numbers than there are inputs.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "interp/network/site.h"

namespace assay::interp {
class Network;
}

namespace assay::axioms {

/// x W + b, fitted by ridge regression to centred columns.
struct RidgeMap {
  at::Tensor weight, bias;  ///< float64 [n, k], [k]
  at::Tensor operator()(const at::Tensor& x) const;
};
/// @param x, y  float64 [batch, n] and [batch, k].
RidgeMap fit_ridge(const at::Tensor& x, const at::Tensor& y);

/// A site with where in it each element of a value is read.
struct Reading {
  interp::Site site;             ///< one place, one or more positions
  std::vector<int64_t> read_at;  ///< by element: an index into the site's positions
  /// Share of the value's variance that probes explain on inputs that they are not fitted on. Below
  /// 0: they are worse than its mean.
  double explained = 0;

  /// The columns of the value's numbers that are read at one of the positions: int64 [k].
  at::Tensor columns_at(int64_t position, int64_t per_element) const;
};

/// Activations of all inputs at a site with positions: float32 [n, positions, width].
at::Tensor activations_at(const interp::Network& network, const interp::Site& site,
                          const at::Tensor& tokens);

/// Every position of every place that has one vector per position, lies on a way to `logits` and is
/// not the same on all inputs, and a group of each place; those that explain most come first.
/// Probes are fitted on three quarters of the inputs and ranked by the rest.
/// @param tokens  int64 [n, pos]; `value` float64 [n, k], with k = elements * per_element.
std::vector<Reading> rank_sites(const interp::Network& network, const interp::Site& logits,
                                const at::Tensor& tokens, const at::Tensor& value,
                                int64_t per_element,
                                const std::function<void(int64_t done, int64_t of)>& on_progress);

}  // namespace assay::axioms
