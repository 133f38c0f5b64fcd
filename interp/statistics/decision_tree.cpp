#include "interp/statistics/decision_tree.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

namespace assay::statistics {
namespace {

Condition opposite(const Condition& condition) {
  const auto [feature, relation, value] = condition;
  switch (relation) {
    case Relation::AtMost:
      return {feature, Relation::AtLeast, value + 1};
    case Relation::AtLeast:
      return {feature, Relation::AtMost, value - 1};
    case Relation::Is:
      return {feature, Relation::IsNot, value};
    case Relation::IsNot:
      break;
  }
  return {feature, Relation::Is, value};
}

/// Without a condition that the other one implies: `at most 5` beside `at most 3`, `is not 1`
/// beside `is 2`.
Conditions simplified(const Conditions& both) {
  if (both.size() < 2 || both[0].feature != both[1].feature) return both;
  const auto implies = [](const Condition& a, const Condition& b) {
    if (a.relation == Relation::Is) return b.relation != Relation::Is;
    if (a.relation != b.relation) return false;
    return a.relation == Relation::AtMost ? a.value <= b.value
                                          : a.relation == Relation::AtLeast && a.value >= b.value;
  };
  if (implies(both[0], both[1])) return {both[0]};
  if (implies(both[1], both[0])) return {both[1]};
  return both;
}

/// Values of a feature that are asked about: all but the largest, or as many as the limit, at equal
/// shares of the inputs.
void add_questions(std::vector<Condition>& questions, const std::map<int64_t, int64_t>& inputs,
                   int64_t feature, bool category, const TreeConfig& config) {
  if (inputs.size() < 2) return;
  if (category) {  // the commonest ones
    std::vector<std::pair<int64_t, int64_t>> common;
    for (const auto& [value, n] : inputs) common.emplace_back(-n, value);
    std::ranges::sort(common);
    for (size_t i = 0; i < common.size() && std::cmp_less(i, config.most_values); ++i)
      questions.push_back({feature, Relation::Is, common[i].second});
    return;
  }
  int64_t all = 0, below = 0, asked = 0;
  for (const auto& [value, n] : inputs) all += n;
  const bool each = std::cmp_less_equal(inputs.size(), config.most_values);
  for (const auto& [value, n] : inputs) {
    below += n;
    const int64_t share = below * config.most_values / all;  // how many of the equal shares
    if (below < all && (each || share > asked)) {
      questions.push_back({feature, Relation::AtMost, value});
      asked = share;
    }
  }
}

std::vector<Condition> questions_about(const std::vector<Cell>& cells,
                                       const std::vector<bool>& categories,
                                       const TreeConfig& config) {
  std::vector<Condition> questions;
  for (size_t feature = 0; feature < categories.size(); ++feature) {
    std::map<int64_t, int64_t> inputs;
    for (const Cell& cell : cells) inputs[cell.features[feature]] += cell.estimate.n;
    add_questions(questions, inputs, static_cast<int64_t>(feature), categories[feature], config);
  }
  return questions;
}

Estimate operator-(const Estimate& whole, const Estimate& part) {
  return {whole.n - part.n, whole.failures - part.failures};
}

/// Twice the logarithm of the largest likelihood of so many failures.
double fit_of(const Estimate& leaf) {
  const auto term = [&](int64_t count) {
    return count == 0 ? 0 : static_cast<double>(count) * std::log(static_cast<double>(count));
  };
  return 2 * (term(leaf.failures) + term(leaf.n - leaf.failures) - term(leaf.n));
}

/// Inputs for which two questions are both answered yes, of every pair: the table from which all
/// trees of depth two can be compared without going back to the inputs.
class PairTable {
 public:
  PairTable(const std::vector<Cell>& cells, const std::vector<Condition>& questions)
      : size_(questions.size()), both_(size_ * size_) {
    std::vector<size_t> yes;
    for (const Cell& cell : cells) {
      all_ += cell.estimate;
      yes.clear();
      for (size_t i = 0; i < size_; ++i)
        if (questions[i].holds(cell.features)) yes.push_back(i);
      for (const size_t i : yes)
        for (const size_t j : yes) both_[i * size_ + j] += cell.estimate;
    }
  }
  const Estimate& all() const { return all_; }
  Estimate side(size_t i, bool yes) const { return yes ? both(i, i) : all_ - both(i, i); }
  Estimate leaf(size_t i, bool yes, size_t j, bool again) const {
    const Estimate with = yes ? both(i, j) : both(j, j) - both(i, j);
    return again ? with : side(i, yes) - with;
  }

 private:
  const Estimate& both(size_t i, size_t j) const { return both_[i * size_ + j]; }
  size_t size_;
  std::vector<Estimate> both_;
  Estimate all_;
};

/// What a question is worth where it is asked.
struct Worth {
  double gain = 0;
  std::optional<size_t> question = {};
};

struct Search {
  const PairTable& table;
  size_t questions;
  int64_t least;
  double price;

  double gain(const Estimate& whole, const Estimate& one, const Estimate& other) const {
    if (one.n < least || other.n < least) return -std::numeric_limits<double>::infinity();
    return fit_of(one) + fit_of(other) - fit_of(whole) - price;
  }
  /// The best second question on one side of the first, if any is worth its price.
  Worth below(size_t root, bool yes) const {
    Worth best;
    const Estimate side = table.side(root, yes);
    for (size_t j = 0; j < questions; ++j) {
      const double value =
          gain(side, table.leaf(root, yes, j, true), table.leaf(root, yes, j, false));
      if (value > best.gain) best = {value, j};
    }
    return best;
  }
};

std::vector<Conditions> leaves_of(const std::vector<Condition>& questions, size_t root,
                                  const Worth& if_yes, const Worth& if_no) {
  std::vector<Conditions> leaves;
  for (const bool yes : {true, false}) {
    const Condition first = yes ? questions[root] : opposite(questions[root]);
    const auto& second = (yes ? if_yes : if_no).question;
    if (!second) {
      leaves.push_back({first});
      continue;
    }
    leaves.push_back(simplified({first, questions[*second]}));
    leaves.push_back(simplified({first, opposite(questions[*second])}));
  }
  return leaves;
}

}  // namespace

bool Condition::holds(const std::vector<int64_t>& features) const {
  const int64_t found = features[feature];
  switch (relation) {
    case Relation::AtMost:
      return found <= value;
    case Relation::AtLeast:
      return found >= value;
    case Relation::Is:
      return found == value;
    case Relation::IsNot:
      break;
  }
  return found != value;
}

bool hold(const Conditions& conditions, const std::vector<int64_t>& features) {
  return std::ranges::all_of(conditions, [&](const Condition& c) { return c.holds(features); });
}

std::vector<Conditions> fit_tree(const std::vector<Cell>& cells,
                                 const std::vector<bool>& categories, const TreeConfig& config) {
  for (const Cell& cell : cells)
    if (cell.features.size() != categories.size() || cell.estimate.failures > cell.estimate.n)
      throw std::invalid_argument(
          "tree: expected cells with a value for every feature and no more failures than inputs");
  const std::vector<Condition> questions = questions_about(cells, categories, config);
  if (questions.empty()) return {};
  const PairTable table(cells, questions);
  const boost::math::chi_squared_distribution<> chance(1);
  const auto share = static_cast<double>(table.all().n) * config.least_share;
  const Search search{.table = table,
                      .questions = questions.size(),
                      .least = std::max(config.least, static_cast<int64_t>(std::ceil(share))),
                      .price = boost::math::quantile(boost::math::complement(
                          chance, config.chance / static_cast<double>(questions.size())))};
  double best = 0;
  std::vector<Conditions> leaves;
  for (size_t root = 0; root < questions.size(); ++root) {
    const Estimate yes = table.side(root, true), no = table.side(root, false);
    const Worth if_yes = search.below(root, true), if_no = search.below(root, false);
    const double value = search.gain(table.all(), yes, no) + if_yes.gain + if_no.gain;
    if (value <= best) continue;
    best = value;
    leaves = leaves_of(questions, root, if_yes, if_no);
  }
  return leaves;
}

}  // namespace assay::statistics
