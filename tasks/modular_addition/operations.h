#pragma once
// What the interpretation of modular addition computes. Values are float64: cos w_k of every key
// frequency, then sin w_k.

#include "circuits/interpretation/operations.h"

namespace assay::tasks::modular_addition {

/// h of node `fourier`, {p, frequencies, decimals?}: tokens [batch, 3] -> the two numbers' waves
/// [batch, 2, 2 · frequencies], rounded to `decimals` if that is given.
circuits::Function fourier_components(const circuits::Operation& operation);

/// h of node `sum`: [batch, 2, 2 · frequencies] -> cos w_k(a + b), sin w_k(a + b) by the addition
/// formulas, [batch, 2 · frequencies].
circuits::Function angle_sums(const circuits::Operation& operation);

/// Of every c, Σ_k cos w_k(a + b - c): [batch, 2 · frequencies] -> float64 [batch, p].
circuits::Function differences(const circuits::Operation& operation);

/// h of node `answer`, {p, frequencies}: [batch, 2 · frequencies] -> the number c for which
/// Σ_k cos w_k(a + b - c) is largest, int64 [batch].
circuits::Function argmax_of_differences(const circuits::Operation& operation);

/// Registers all three.
void add_operations(circuits::Operations& operations);

}  // namespace assay::tasks::modular_addition
