#pragma once
// The work on the cases of nearest_prototype.h. Every bound is closed by an a-priori bound on the
// rounding of its own computation in float64: sums of products are off by less than `kShare` of the
// sums of absolute values, e^s by less than kExponentialError, and claims are held against these
// before they are believed (certified_ratio.h).

#include <ATen/core/Tensor.h>

#include <atomic>
#include <functional>
#include <vector>

#include "axioms/proofs/certified_ratio.h"
#include "axioms/proofs/first_block.h"
#include "axioms/proofs/float32_bound.h"
#include "axioms/proofs/nearest_prototype.h"

namespace assay::proofs {

class CaseProver {
 public:
  /// Keeps references to all. @throws Untreated as FirstBlock.
  CaseProver(const Weights& weights, const Domain& domain, const PrototypeReading& reading);

  /// All cases in which the i-th position is read, as they are before any work: open.
  /// @throws Untreated if the label there is not determined by the slot.
  std::vector<Case> begun(size_t i) const;
  /// The same cases worked on, one after the other: each starts from the bounds of the one before.
  /// @param on_case  called after each. @param stop  what is not begun when it becomes true stays
  ///   open.
  std::vector<Case> at_position(size_t i, const std::function<void()>& on_case,
                                const std::atomic<bool>* stop) const;

  /// On one input, of the best right prototype the score u · resid_post minus that of the best
  /// wrong one, in float64.
  double margin_on(const Case& of, const at::Tensor& input) const;

  const FirstBlock& first() const { return first_; }
  int64_t prototypes() const { return reading_.labels.size(0); }

 private:
  using Views = std::vector<FirstBlock::View>;  // one per head

  /// What a head's output is mapped to.
  struct HeadMaps {
    at::Tensor neurons, prototypes;  ///< from z: [d_head, d_mlp], [d_head, prototype]
    Directions neuron_values;        ///< v · neurons
    std::vector<double> neuron_magnitude, neuron_error;
    at::Tensor prototype_values;             ///< v · prototypes, [key, prototype]
    at::Tensor neuron_size, prototype_size;  ///< largest sums of absolute values over the keys
  };
  /// Numbers of one case that do not depend on other slots.
  struct Fixed {
    at::Tensor pre, pre_size;      ///< [d_mlp]
    at::Tensor score, score_size;  ///< [prototype], without what heads and neurons add
  };
  /// Bounds of last time, to start from.
  struct Guesses {
    std::vector<std::vector<double>> least, most, margins;  ///< per head
  };
  /// Lines that bound the ReLUs from the side that matters, for each wrong prototype.
  struct Lines {
    at::Tensor slopes;                    ///< float64 [d_mlp, wrong]
    std::vector<double> constant, error;  ///< of each margin
  };

  void prove(Case& of, Guesses& guesses) const;
  Fixed fixed(int query) const;
  void bound_neurons(Case& of, const Views& views, Guesses& guesses) const;
  Lines lines(const Case& of, const Fixed& fixed) const;
  /// Fills in the margins of of.right to of.wrong. @return inputs that come closest, one per wrong
  /// prototype
  ///   whose margin is not positive, or the closest of all.
  std::vector<at::Tensor> bound_margins(Case& of, const Views& views, const Fixed& fixed,
                                        Guesses& guesses) const;
  void bound_rounding(Case& of, const Views& views, int query) const;
  void decide(Case& of, const std::vector<at::Tensor>& closest) const;
  at::Tensor scores(int64_t position, const at::Tensor& input) const;  ///< float64 [prototype]

  const PrototypeReading& reading_;
  FirstBlock first_;
  Float32Bound float32_;
  std::vector<HeadMaps> maps_;
  at::Tensor written_, written_size_;  // W_out U^T: [d_mlp, prototype]
};

/// Sets of.margin to the least of of.margin_to: infinite if all prototypes are right.
void find_least(Case& of);

}  // namespace assay::proofs
