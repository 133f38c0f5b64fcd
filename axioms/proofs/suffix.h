#pragma once
// `suffix`: with γ written at a node, the network decides what the rest of the interpretation makes
// of the value, for every abstract value.
//
// Where the node's bits switch hidden neurons of the last block at the readout, and the rest of the
// interpretation is "is any bit on?", nothing nonlinear is left: the logit of one answer minus that
// of the other is affine in the bits. So two numbers decide all 2^n states: the difference with all
// bits off, and the least with any on. They are rationals, computed exactly from float32 weights.

#include "axioms/proofs/exact.h"
#include "axioms/proofs/statement.h"
#include "circuits/interpretation/interpretation.h"

namespace assay::interp {
class Transformer;
}

namespace assay::proofs {

struct AffineSuffix {
  std::string node;
  int64_t on = 0, off = 0;  ///< answer tokens: of any bit on, and of all off
  int64_t readout = 0;
  Rational all_off = 0;             ///< logit[on] - logit[off] with every bit off
  std::vector<Rational> bits = {};  ///< what each bit adds to it
  Rational least_on = 0;            ///< the least with any bit on
  int64_t least_on_bit = 0;         ///< that is on there
  double error = 0;                 ///< how far float32 can move any of these, whatever the order

  bool holds() const { return all_off < 0 && least_on > 0; }
};

/// @throws Untreated saying what about the network or the node is not treated.
AffineSuffix affine_suffix(const interp::Transformer& network,
                           const circuits::Interpretation& interpretation,
                           const circuits::Node& node, int64_t readout);

/// The abstract value on which it fails, bit by bit, where it does not hold.
std::vector<bool> failing_state(const AffineSuffix& suffix);

Statement statement_of(const AffineSuffix& suffix);

}  // namespace assay::proofs
