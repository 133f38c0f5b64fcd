#pragma once
// What the derivation needs to know of a network: averages and neuron activations on the deriving
// set, prototypes of clauses, and how neurons push the answer.

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "interp/network/transformer.h"
#include "tasks/task.h"
#include "tasks/two_sat/programs.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {

struct Observations {
  at::Tensor mean_stream;    ///< residual stream after block 1 [pos, d_model]
  at::Tensor mean_mid;       ///< block 2's residual stream before its MLP, at the readout [d_model]
  at::Tensor mean_attn_out;  ///< what block 2's attention adds to that stream [d_model]
  at::Tensor hidden;         ///< hidden neurons of block 2 at the readout [formula, d_mlp]
  at::Tensor mean_hidden;    ///< [d_mlp]
  at::Tensor answers;        ///< the network's decision, 1 for SAT: int64 [formula]
  std::vector<uint64_t> truth_tables;  ///< the distinct ones, ascending
  std::vector<int32_t> table_of;       ///< index into `truth_tables` of each formula
  std::string sha256;                  ///< of the formulas' tokens
};

/// How many formulas the deriving set has.
int64_t formulas_of(const Task& task, const DeriveConfig& config);

/// The fewest clauses of the task's formulas.
int64_t min_clauses(const Task& task);

/// One pass over the deriving set. Sums are taken in a fixed order, whatever the threads.
Observations observe(const Task& task, const interp::Transformer& model,
                     const DeriveConfig& config);

/// All ordered pairs of literals, int64 [n, 2], and their prototypes after block 1 [n, d_model]:
/// block 1 run with the second literal attending to the two literals alone, averaged over the
/// clauses. Where the first `absent` clauses may be missing, a last row `# #` stands for a missing
/// one: what block 1 makes of padding alone, averaged over them.
struct Prototypes {
  at::Tensor labels, vectors;
};
Prototypes prototypes(const interp::Transformer& model, const Tokens& tokens, int64_t clauses,
                      int64_t absent = 0);

/// How much each hidden neuron of block 2 adds to the SAT logit per unit of activation, half the
/// difference between SAT and UNSAT (which is the SAT logit itself where the two unembeddings are
/// opposite): [d_mlp].
at::Tensor sat_coefficients(const interp::Transformer& model, const Tokens& tokens);

/// Half the logit difference between SAT and UNSAT with the given neurons off and everything else
/// at its mean: what the residual path says alone. Negative: UNSAT.
double resting_difference(const interp::Transformer& model, const Tokens& tokens,
                          const Observations& observed, const std::vector<int64_t>& neurons);

/// The data set of one neuron at a threshold, summed up by truth table (in ascending order).
std::vector<TableRow> summarise(const Observations& observed, int64_t neuron, double threshold);

}  // namespace assay::tasks::two_sat
