#pragma once
// The probes of a ReAGent run: independent searches on the same input, whose rows go through the
// network together. A probe that stopped has no more rows.

#include "interp/attribution/reagent.h"

namespace assay::interp::attribution {

/// Does the policy ever end a probe before its last step?
bool stops_early(const StopPolicy& policy);

class Probes {
 public:
  /// The problem must outlive the probes. @throws std::invalid_argument without an eligible
  /// feature.
  Probes(const Problem& problem, const ReagentConfig& config);
  void run();

  const std::vector<int64_t>& eligible() const { return eligible_; }
  double original() const { return original_; }  ///< the target's value for the input as it is
  at::Tensor raw() const;                        ///< float64 [eligible], sum 1
  MarginalEffects marginal() const;              ///< [eligible]
  std::vector<int64_t> steps() const;            ///< of each probe
  int64_t converged() const;                     ///< probes that stopped for the policy's reason
  int64_t clamped() const { return clamped_; }   ///< effects too close to ±1 for artanh
  const ReplacementCounts& counts() const { return counts_; }

 private:
  struct Probe {
    uint64_t seed = 0;
    at::Tensor logits;  ///< L: float64 [eligible]
    MaskedRows rows;
    int64_t steps = 0;
    int64_t hits = 0;  ///< checks in a row that agreed
    bool stopped = false;
  };

  std::vector<Probe*> active();
  at::Tensor positions(const at::Tensor& masks) const;
  void advance(int64_t first_step, int64_t steps);
  void move(Probe& probe, const at::Tensor& masks, const at::Tensor& effects);
  at::Tensor all_but_the_best(const Probe& probe) const;
  void check();
  bool precise() const;

  const Problem& problem_;
  ReagentConfig config_;
  std::vector<int64_t> eligible_;
  double original_ = 0;
  std::vector<Probe> probes_;
  int64_t clamped_ = 0;
  ReplacementCounts counts_;
};

}  // namespace assay::interp::attribution
