#include "axioms/failing_regions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "interp/statistics/p_values.h"
#include "interp/statistics/random.h"
#include "interp/statistics/sequential.h"

namespace assay::axioms {
namespace {

using statistics::Estimate;
using statistics::Relation;

constexpr int64_t kFirstBlock = 128;      // inputs; later blocks double all that came before
constexpr uint64_t kDivisionSeed = 2605;  // arbitrary: halves must not be chosen

std::vector<statistics::Cell> fitted_cells(const FeatureCounts& counts, int64_t row,
                                           int64_t blocks) {
  std::vector<statistics::Cell> cells;
  for (const auto& [key, count] : counts.cells) {
    if (key.front() >= blocks) break;  // they are ordered by block
    const auto failures = count.failures.find(row);
    cells.push_back({{key.begin() + 1, key.end()},
                     {count.inputs, failures == count.failures.end() ? 0 : failures->second}});
  }
  return cells;
}

RegionCondition named(const statistics::Condition& condition,
                      const std::vector<InputFeature>& features) {
  const InputFeature& feature = features[condition.feature];
  RegionCondition result{feature.name, condition.relation, condition.value};
  if (std::cmp_less(condition.value, feature.values.size()))
    result.value_name = feature.values[condition.value];
  return result;
}

Region region_of(const statistics::Conditions& leaf, const FeatureCounts& counts,
                 const std::vector<InputFeature>& features, int64_t row, int64_t blocks) {
  Region region{.conditions = {}, .fitted = {}, .held_out = {}};
  for (const statistics::Condition& condition : leaf)
    region.conditions.push_back(named(condition, features));
  std::vector<int64_t> values;
  for (const auto& [key, count] : counts.cells) {
    values.assign(key.begin() + 1, key.end());
    if (!hold(leaf, values)) continue;
    const auto failures = count.failures.find(row);
    (key.front() < blocks ? region.fitted : region.held_out) +=
        {count.inputs, failures == count.failures.end() ? 0 : failures->second};
  }
  return region;
}

std::string percent(double share) {
  return share == 0 ? "0%" : fmt::format("{:.2g}%", 100 * share);
}

std::string words_of(const std::vector<RegionCondition>& conditions) {
  std::vector<std::string> words;
  for (const RegionCondition& condition : conditions) words.push_back(condition.words());
  return fmt::format("{}", fmt::join(words, " and "));
}

std::string sentence_of(const FailingRegions& where) {
  if (where.fitted.failures < kFewestFailures)
    return fmt::format("too few failures to look for a rule ({} among the {} inputs to fit it on)",
                       where.fitted.failures, where.fitted.n);
  if (where.regions.empty())
    return fmt::format("no known feature of an input tells the failing ones ({} of {}) from others",
                       where.fitted.failures + where.held_out.failures,
                       where.fitted.n + where.held_out.n);
  const Region& worst = where.regions.front();
  const std::string words = words_of(worst.conditions);
  if (!where.generalises)
    return fmt::format(
        "no rule that generalises: where {}, {} of {} other inputs fail, elsewhere {} of {}", words,
        worst.held_out.failures, worst.held_out.n, where.others().failures, where.others().n);
  return fmt::format(
      "fails on {} of the inputs in which {} ({} to {}), on {} of the others; covers {}",
      percent(worst.held_out.rate()), words, percent(worst.lower), percent(worst.upper),
      percent(where.others().rate()),
      percent(static_cast<double>(worst.held_out.n) / static_cast<double>(where.held_out.n)));
}

}  // namespace

int64_t Division::block_of(int64_t input) const {
  if (drawn) return std::bit_width(static_cast<uint64_t>(input / kFirstBlock));
  return static_cast<int64_t>(statistics::scattered(kDivisionSeed, input) & 1);
}

int64_t Division::fitted_blocks(int64_t n) const {
  return drawn ? std::bit_width(static_cast<uint64_t>(n / (2 * kFirstBlock))) : 1;
}

FeatureCounts& FeatureCounts::operator+=(const FeatureCounts& other) {
  for (const auto& [key, count] : other.cells) {
    Count& total = cells[key];
    total.inputs += count.inputs;
    for (const auto& [row, failures] : count.failures) total.failures[row] += failures;
  }
  return *this;
}

FeatureTally::FeatureTally(const InputFeatures& features, const Division& division,
                           const at::Tensor& tokens, int64_t first) {
  const at::Tensor values = features.of(tokens.cpu()).contiguous();
  const auto width = std::ssize(features.all);
  if (values.dim() != 2 || values.size(0) != tokens.size(0) || values.size(1) != width ||
      values.scalar_type() != torch::kInt64 || values.lt(0).any().item<bool>())
    throw std::logic_error(fmt::format(
        "features of {} inputs: expected int64 [{}, {}] from 0, got {} {}", tokens.size(0),
        tokens.size(0), width, c10::str(values.dtype()), c10::str(values.sizes())));
  const auto* value = values.data_ptr<int64_t>();
  std::vector<int64_t> key(width + 1);
  for (int64_t i = 0; i < tokens.size(0); ++i, value += width) {
    key.front() = division.block_of(first + i);
    std::copy_n(value, width, key.begin() + 1);
    of_input_.push_back(&counts_.cells[key]);
    ++of_input_.back()->inputs;
  }
}

void FeatureTally::add(int64_t row, const at::Tensor& failed) {
  const at::Tensor rows = failed.cpu().contiguous();
  const bool* fails = rows.data_ptr<bool>();
  for (size_t i = 0; i < of_input_.size(); ++i)
    if (fails[i]) ++of_input_[i]->failures[row];
}

std::string RegionCondition::words() const {
  const std::string what = value_name.value_or(fmt::to_string(value));
  switch (relation) {
    case Relation::AtMost:
      return value == 0 ? feature + " is 0" : fmt::format("{} is at most {}", feature, what);
    case Relation::AtLeast:
      return fmt::format("{} is at least {}", feature, what);
    case Relation::Is:
      return fmt::format("{} is {}", feature, what);
    case Relation::IsNot:
      break;
  }
  return fmt::format("{} is not {}", feature, what);
}

Estimate FailingRegions::others() const {
  if (regions.empty()) return {};
  const Estimate& worst = regions.front().held_out;
  return {held_out.n - worst.n, held_out.failures - worst.failures};
}

FailingRegions failing_regions(const FeatureCounts& counts,
                               const std::vector<InputFeature>& features, int64_t row,
                               const Division& division) {
  int64_t n = 0;
  for (const auto& [key, count] : counts.cells) n += count.inputs;
  const int64_t blocks = division.fitted_blocks(n);
  const Region all = region_of({}, counts, features, row, blocks);
  FailingRegions where{.fitted = all.fitted, .held_out = all.held_out};
  if (where.fitted.failures < kFewestFailures) return where;
  std::vector<bool> categories;
  for (const InputFeature& feature : features) categories.push_back(feature.category);
  for (const statistics::Conditions& leaf :
       statistics::fit_tree(fitted_cells(counts, row, blocks), categories))
    where.regions.push_back(region_of(leaf, counts, features, row, blocks));
  std::ranges::stable_sort(where.regions, std::greater(),
                           [](const Region& region) { return region.fitted.rate(); });
  return where;
}

void conclude(FailingRegions& where, double confidence, int64_t chances, bool anytime) {
  // Both bounds of a comparison must hold.
  const double each = statistics::bonferroni(confidence, 2 * chances);
  const auto upper = [&](const Estimate& estimate) {
    return anytime ? statistics::anytime_upper_bound(estimate, each)
                   : statistics::upper_bound(estimate, each);
  };
  const auto lower = [&](const Estimate& estimate) {
    return anytime ? statistics::anytime_lower_bound(estimate, each)
                   : statistics::lower_bound(estimate, each);
  };
  for (Region& region : where.regions) {
    region.lower = lower(region.held_out);
    region.upper = upper(region.held_out);
  }
  where.others_upper = where.regions.empty() ? 1 : upper(where.others());
  where.generalises = !where.regions.empty() && where.regions.front().lower > where.others_upper;
  where.sentence = sentence_of(where);
}

void require_consistent(const FailingRegions& where, const Estimate& row) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
  };
  const auto possible = [](const Estimate& part, const Estimate& whole) {
    return part.failures <= part.n && part.n <= whole.n && part.failures <= whole.failures;
  };
  require(possible(where.fitted, row) && possible(where.held_out, row) &&
              where.fitted.n + where.held_out.n == row.n &&
              where.fitted.failures + where.held_out.failures == row.failures,
          "where: inputs fitted on and held out do not add up to the row");
  if (where.regions.empty()) return;
  Estimate fitted, held_out;
  for (const Region& region : where.regions) {
    require(possible(region.fitted, where.fitted) && possible(region.held_out, where.held_out),
            "where: a region with more inputs than there are");
    fitted += region.fitted;
    held_out += region.held_out;
  }
  require(where.regions.size() <= 4 && fitted == where.fitted && held_out == where.held_out,
          "where: regions do not share out all inputs");
}

}  // namespace assay::axioms
