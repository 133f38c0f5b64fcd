#pragma once
// Scores that know nothing: the floor that every method has to stand above.

#include "interp/attribution/method.h"

namespace assay::interp::attribution {

/// float64 [n], a function of the seed alone.
at::Tensor normal_scores(int64_t n, uint64_t seed);

/// Independent standard normal scores, a function of the problem's seed alone.
Method random_scores_method();

}  // namespace assay::interp::attribution
