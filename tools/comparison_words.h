#pragma once
// What a comparison of explanations says in one sentence, for the terminal and for the page.

#include <string>
#include <vector>

#include "tasks/comparison_summary.h"

namespace assay::tools {

/// What scores are held against, by what is known of it.
enum class ReferenceKind {
  Mechanism,  ///< a step of the interpretation: what the network does
  Known,      ///< what must matter, as the task knows it
  Method,     ///< the scores of another method
};
/// @param reference  as reference_of() gives it. The mechanism alone has both grades and a yes or
///   no, and so a rank correlation beside an AUROC.
ReferenceKind kind_of_reference(const std::string& reference,
                                const tasks::ComparisonSummary& summary);

/// Where the interval of a method's mean lies relative to scores that know nothing.
enum class Chance { Unknown, Above, Within, Below };
Chance chance_of(const tasks::MeanMeasure& mean, const std::string& measure,
                 const tasks::ComparisonSummary& summary);

/// Does the method compete? Baselines such as `(ols)` do not, and scores drawn at random are what
/// the others are held against.
bool competes(const std::string& method);

/// The measure by which the sentence goes for each reference: rank correlation where there is one,
/// else AUROC. References of one kind only: the mechanism if there is one, else what is known, else
/// methods.
std::vector<std::string> headline_measures(const tasks::ComparisonSummary& summary);

/// "2 of 3 methods agree with what the network does better than scores that know nothing by every
/// yardstick (evaluate, or): …". Empty where nothing was held against chance.
std::string comparison_headline(const tasks::ComparisonSummary& summary);

/// `none is best: occlusion leads, not told apart from lime; ahead of gradient-norm by 0.44 (0.21
/// to 0.68)`: tasks::in_words() with the paired differences that exclude 0, positive where the
/// leader is better. @param measure  one that has a leader.
std::string leader_sentence(const tasks::ComparisonSummary& summary, const std::string& measure);

/// `0.91`, `151`, `2.1e+07`: three digits, as columns of means have use for.
std::string figure_text(double figure);
std::string figure_text(const statistics::Interval& interval);

}  // namespace assay::tools
