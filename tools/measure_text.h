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

// What a measurement says in sentences, the same ones wherever it is shown.

/// `57 of 283 edges`
std::string size_text(int64_t edges, int64_t of_edges);
/// What a circuit is of its network.
std::string circuit_sentence(int64_t edges, int64_t of_edges);
/// How often it gives the network's answer.
std::string agreement_sentence(const circuits::Measures& row);
/// How the intervals of a row were made, or why there are none.
std::string intervals_sentence(const circuits::Measures& row);
std::string cpr_sentence(const circuits::MibScores& scores);
std::string cmd_sentence(const circuits::MibScores& scores);
std::string completeness_sentence(const circuits::Completeness& completeness);
std::string stability_sentence(const circuits::Stability& stability);

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
