#pragma once
// When is an evaluating neuron "on", what is written for "on", and which program does it compute?

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/two_sat/observations.h"
#include "tasks/two_sat/programs.h"

namespace assay::tasks::two_sat {

/// An evaluating neuron as the interpretation describes it.
struct Neuron {
  int64_t index = 0;       ///< among the hidden neurons of block 2
  double coefficient = 0;  ///< on the SAT logit
  double largest = 0;      ///< activation on the deriving set
  double threshold = 0.5;  ///< on from here
  double on = 2;           ///< written for "on"
  Program program;
  int64_t errors = 0;  ///< deriving formulas on which program and neuron differ
};

/// Hidden neurons whose largest activation × coefficient exceeds `bound` (0.1 as published).
std::vector<Neuron> evaluating_neurons(const Observations& observed, const at::Tensor& coefficients,
                                       double bound = 0.1);

/// Fits a program to every neuron at its threshold. Variant "trees" or "disjunction".
/// @param by_mean  disjunctions as published: assignment a belongs to the set iff the neuron's mean
///   activation over formulas that a satisfies exceeds the threshold; else the set with least
///   errors.
void fit_programs(std::vector<Neuron>& neurons, const Observations& observed,
                  const std::string& variant, int64_t leaves, bool by_mean);

/// How levels were chosen, for the evidence.
struct LevelChoice {
  double resting =
      0;  ///< what the network says with all evaluating neurons off: half of SAT - UNSAT
  double fraction = 0;  ///< threshold / activation that alone flips the answer
  double failing = 0;   ///< share of deriving formulas on which any neuron's program is wrong, or
                        ///< the disjunction of the neurons is not the network's answer
};

/// Chooses thresholds and written values on the deriving set and fits the programs. Neuron i alone
/// flips the answer at activation flip_i = -resting / coefficient_i. Its threshold is one fraction
/// of flip_i for the whole model, the one with which the fewest deriving formulas fail; "on" is
/// written as its mean activation when on, and at least twice flip_i, so that one neuron is enough.
LevelChoice choose_levels(std::vector<Neuron>& neurons, const Observations& observed,
                          double resting, const std::string& variant, int64_t leaves);

}  // namespace assay::tasks::two_sat
