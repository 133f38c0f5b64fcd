#include "tools/accuracy.h"

#include <fmt/format.h>

#include <cmath>

#include "interp/statistics/binomial.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace {

constexpr double kOneSided = 0.975;  // each end of an interval of 95%

}  // namespace

std::optional<std::vector<double>> interval_of(const Accuracy& accuracy) {
  if (!accuracy.draws) return std::nullopt;
  const auto right = std::llround(accuracy.share * static_cast<double>(accuracy.inputs));
  const statistics::Estimate wrong{.n = accuracy.inputs, .failures = accuracy.inputs - right};
  return std::vector{1 - statistics::upper_bound(wrong, kOneSided),
                     1 - statistics::lower_bound(wrong, kOneSided)};
}

std::string accuracy_in_words(const Accuracy& accuracy, int decimals) {
  const auto percent = [&](double share) { return fmt::format("{:.{}f}%", 100 * share, decimals); };
  std::string text = percent(accuracy.share);
  if (const auto interval = interval_of(accuracy))
    text += fmt::format(" [{}, {}]", percent(interval->front()), percent(interval->back()));
  return fmt::format("{} of {}", text, grouped(accuracy.inputs));
}

std::string accuracy_sentence(const Accuracy& accuracy) {
  return fmt::format("{} {}", accuracy_in_words(accuracy, 4), accuracy.of);
}

MeasuredOn measured_on(const Accuracy& accuracy) {
  return {.inputs = accuracy.inputs, .of = accuracy.of, .interval = interval_of(accuracy)};
}

}  // namespace assay::tools
