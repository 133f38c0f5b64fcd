#pragma once
// What was measured of a circuit, for people.

#include <string>
#include <vector>

#include "circuits/components/self_check.h"
#include "circuits/measures/completeness.h"
#include "circuits/measures/faithfulness_curve.h"
#include "circuits/measures/hypothesis_tests.h"
#include "circuits/measures/measures.h"
#include "circuits/measures/minimality.h"
#include "circuits/measures/stability.h"
#include "tools/terminal.h"

namespace assay::tools {

void print_self_check(const circuits::SelfCheck& check, const Console& console);
void print_measures(const std::vector<circuits::Measures>& rows, const Console& console);
void print_curve(const circuits::MibScores& scores, const Console& console);
void print_completeness(const circuits::Completeness& completeness,
                        const circuits::Minimality& minimality, const Console& console);
void print_tests(const circuits::HypothesisTests& tests, const Console& console);
void print_stability(const circuits::Stability& stability, const Console& console);

/// `[0.812, 0.934]`; where there is no interval, that.
std::string bounds_text(const statistics::Interval& interval, int decimals = 3);
/// A standard error; a dash where there is none.
std::string error_text(double standard_error, int decimals = 3);

/// Names of edges, at most `most` of them.
std::string listed(const std::vector<std::string>& edges, size_t most = 12);

}  // namespace assay::tools
