#pragma once
// What is true of every 2-SAT formula of a network's size, as data: the formula is satisfiable iff
// the assignments that its clauses leave have one in common.

#include "sat2/sampler.h"
#include "tasks/capabilities.h"

namespace assay::tasks::two_sat {

/// Domains `sampled` (every clause as the sampler writes it, the lower-numbered variable first) and
/// `both-orders`. Where formulas may be shorter, the first clauses may be missing, each for itself:
/// that includes the formulas that the task lays out, whose missing clauses all stand in front.
Specification specification(const sat2::SamplerSettings& sampler);

}  // namespace assay::tasks::two_sat
