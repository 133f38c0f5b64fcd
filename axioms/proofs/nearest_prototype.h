#pragma once
// `node = program` for a node that is read from the first block: for every input of a domain, the
// prototype nearest to the residual stream has the label that the interpretation computes.
//
// Whether prototype r beats prototype w is affine in the residual stream: u_r·x > u_w·x with unit
// vectors u. What the head writes is a weighted mean (first_block.h), so the first block would be
// an exact fractional program, but for the MLP. For each hidden neuron the exact range [l, u] of
// its pre-activation is a fractional program too, and a ReLU between l < 0 < u is bounded on the
// side that matters by a line. With these lines the margin is affine in the head's output again,
// and its least value one more fractional program. There is one case per position that is read and
// alternative of its slot; all other slots are free.

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "axioms/proofs/domain.h"
#include "axioms/proofs/pieces.h"
#include "axioms/proofs/statement.h"
#include "axioms/proofs/weights.h"
#include "circuits/interpretation/interpretation.h"

namespace assay::proofs {

/// What α of such a node reads, and what it must find there.
struct PrototypeReading {
  std::string node = {};
  at::Tensor labels = {};                            ///< int64 [prototype, k]
  at::Tensor units = {};                             ///< float64 [prototype, d_model]
  bool up_to_order = false;                          ///< labels are compared as sets
  std::vector<int64_t> positions = {};               ///< that are read, in order
  std::vector<std::vector<int64_t>> tokens_at = {};  ///< whose tokens are the label there
};

/// @throws Untreated saying what about the node is not treated.
PrototypeReading prototype_reading(const circuits::Node& node);

/// One position and one alternative of its slot.
struct Case {
  int64_t position = 0;
  size_t slot = 0;
  int64_t alternative = 0;
  Verdict verdict = Verdict::Open;
  std::vector<int64_t> right_prototypes = {};  ///< those that have the label
  int64_t right = -1;                          ///< one of them, which all others are held against
  double margin = 0;                           ///< a lower bound, valid for every input of the case
  std::vector<int64_t> wrong = {};             ///< prototypes that have another label
  std::vector<double> margin_to = {};          ///< lower bounds on the margins to them
  at::Tensor worst = {};                       ///< int64 [pos]: an input that comes closest
  double float32_error = 0;   ///< how far rounding in float32 can move any of the margins
  double float32_margin = 0;  ///< what it leaves of the least, of proved cases
  at::Tensor neurons = {};    ///< float64 [head, 2, d_mlp]: bounds on what each head adds
  at::Tensor margins = {};    ///< float64 [head, prototype]: … in the direction of each margin
};

/// Goes through all cases; positions are independent, and computed on interp::threads() threads.
/// @param on_progress  told of cases. @param stop  what is not begun when it becomes true stays
///   open.
/// @param kept  a piece per position. @throws std::runtime_error for pieces that do not fit.
std::vector<Case> prove_cases(const Weights& weights, const Domain& domain,
                              const PrototypeReading& reading,
                              const std::function<void(int64_t done, int64_t of)>& on_progress,
                              const std::atomic<bool>* stop, const Kept& kept = {});

/// About how many bytes prove_cases() and statement_of() need, on so many threads.
double bytes_for_cases(const Weights& weights, const Domain& domain,
                       const PrototypeReading& reading, int threads);

/// The statement about all inputs that the cases make up.
Statement statement_of(const PrototypeReading& reading, const std::vector<Case>& cases);

}  // namespace assay::proofs
