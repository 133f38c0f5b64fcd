#pragma once
// SLALOM as a method that explains an input: its presets, its readings, its diagnostics.

#include "interp/attribution/method.h"

namespace assay::interp::attribution {

/// Fits a value and an importance to every distinct feature of the input (slalom/model.h). Scores
/// are e^s v (the authors' default); readings are `value`, `importance`, `linearised` and
/// `removal`. Diagnostics: queries, mean squared error of the fit and of its rivals (all
/// importances 0, a constant), R², pairs that prove the model to be no SLALOM, and the sink where
/// there is one. The caveat names a fit that did not converge, most pairs refuting SLALOM, and
/// importances at the bound.
Method slalom_method();

}  // namespace assay::interp::attribution
