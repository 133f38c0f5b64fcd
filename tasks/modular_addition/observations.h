#pragma once
// What the derivation needs to know of a network: its hidden neurons on given inputs, and linear
// maps fitted to them.

#include <ATen/core/Tensor.h>

#include "interp/network/transformer.h"

namespace assay::tasks::modular_addition {

/// What block 1 holds at the `=`, on a list of inputs. float32, on the CPU.
struct Observations {
  at::Tensor mid;      ///< residual stream in front of the MLP [input, d_model]
  at::Tensor hidden;   ///< its hidden neurons [input, d_mlp]
  at::Tensor mlp_out;  ///< what the MLP adds to the stream [input, d_model]
  at::Tensor logits;   ///< [input, vocab]
};

/// @param tokens  int64 [input, 3]
Observations observe(const interp::Network& network, const at::Tensor& tokens);

/// Logits at the `=` with something else in place of the MLP's output: [input, vocab].
at::Tensor logits_with(const interp::Network& network, const at::Tensor& mid,
                       const at::Tensor& mlp_out);

/// y ≈ x · weight + bias, in float64.
struct LinearMap {
  at::Tensor weight;  ///< [n, k]
  at::Tensor bias;    ///< [k]

  at::Tensor operator()(const at::Tensor& x) const;
};

/// Least squares; of several best maps the one with the smallest weight (LibTorch's lstsq, by
/// singular values). Directions of x that float32 cannot tell from none count as none: a neuron
/// that hardly ever fires would else get a weight that blows up on the next input.
/// @param x  [input, n]; @param y  [input, k]
LinearMap fit(const at::Tensor& x, const at::Tensor& y);

/// 1 - Σ (y - map(x))² / Σ (y - mean y)², over all columns together.
double explained(const LinearMap& map, const at::Tensor& x, const at::Tensor& y);

}  // namespace assay::tasks::modular_addition
