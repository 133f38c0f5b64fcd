#pragma once
// ReAGent (arXiv 2402.00794): replace random subsets of the input, and move the score of what was
// replaced by how much the target's probability fell.
//
// Each probe starts from random scores L ~ U(0, 1) and repeats: draw a mask z, replace what it
// names, D = p - p', then L_i += 2 artanh D where z_i, L_i -= 2 artanh D elsewhere. A common shift
// leaves softmax(L) as it is, so the update needs no order:
//   softmax(L)_i ∝ exp(L_i(0) + 4 Σ_{k: z_ik} artanh D_k).
// That has no fixed point: L grows with the number of steps, which acts as an inverse temperature.
// The same rows give a reading that converges (marginal_effects.h); presets choose which of the two
// is the score, and the other is given beside it.

#include "interp/attribution/marginal_effects.h"
#include "interp/attribution/masks.h"
#include "interp/attribution/method.h"

namespace assay::interp::attribution {

/// When a probe has seen enough. Without top_k and standard_error: after all its steps.
struct StopPolicy {
  /// A probe stops when the target is among this many largest logits of the input in which all but
  /// its best features are replaced. It must be smaller than the number of plausible answers, or
  /// noise stops the probe. 0: never for that.
  int64_t top_k = 0;
  int64_t keep = 0;         ///< how many are its best features;
  double keep_share = 0.3;  ///< if 0, this share of them, rounded up
  int64_t draws = 1;        ///< fillings per check, all of which must agree
  int64_t consecutive = 1;  ///< checks that must agree one after the other
  int64_t min_steps = 1;    ///< before the first check
  int64_t check_every = 1;  ///< steps
  /// All probes stop when every marginal effect has a standard error of at most this. 0: never for
  /// that.
  double standard_error = 0;
};

enum class Reading {
  Raw,       ///< the mean of softmax(L) over the probes: positive, sum 1
  Marginal,  ///< marginal effects: signed, in units of the target
};

struct ReagentConfig {
  MaskDesign masks = {};
  int64_t probes = 5;
  int64_t max_steps = 3000;  ///< per probe
  StopPolicy stop = {};
  Reading scores = Reading::Raw;
};

/// `paper`, `repo` and `inseq` as the three sources set it, without their defects; `small-vocab`
/// for vocabularies in which nearly every answer is plausible: a fixed budget, marginal effects.
/// @param rows  of the network, for presets that leave it open.
/// @throws std::invalid_argument listing the presets.
ReagentConfig reagent_preset(const std::string& name, int64_t rows);

/// Explains the eligible features; the others score 0. Readings: `marginal`, `marginal-se`, and
/// `raw` if the target is a probability, for which alone artanh makes sense. For another target L
/// moves by 2 D, ranks the features for the stop rule, and the scores are the marginal effects.
/// Without a probe that stopped, all of them count, and `converged` in the diagnostics says 0.
/// @throws std::invalid_argument for a config out of range or an input without eligible features.
Explanation reagent(const Problem& problem, const ReagentConfig& config);

Method reagent_method();

}  // namespace assay::interp::attribution
