#pragma once
// Facts computed from weights and activations that support the 2-SAT interpretation, or speak
// against it. They stand beside the four axioms: the paper's two informal axioms ask that each
// abstract step is something the network could implement.

#include <vector>

#include "tasks/task.h"
#include "tasks/two_sat/levels.h"
#include "tasks/two_sat/observations.h"

namespace assay::tasks::two_sat {

/// For node parse: where block 1 attends, measured and bounded from the weights alone.
std::vector<Evidence> parse_evidence(const Task& task, const interp::Transformer& model,
                                     const DeriveConfig& config);
/// For node evaluate: neurons, coefficients, programs, assignments covered.
std::vector<Evidence> evaluate_evidence(const std::vector<Neuron>& neurons,
                                        const Observations& observed,
                                        const at::Tensor& coefficients, int64_t variables);
/// For node or: unembedding, and what happens without block 2's MLP or attention.
std::vector<Evidence> or_evidence(const Task& task, const interp::Transformer& model,
                                  const Observations& observed, const DeriveConfig& config);

}  // namespace assay::tasks::two_sat
