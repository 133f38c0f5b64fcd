#include "tools/accuracy.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "interp/statistics/binomial.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace {

constexpr double kOneSided = 0.975;  // each end of an interval of 95%

std::pair<double, double> interval(const Accuracy& accuracy) {
  const auto right = std::llround(accuracy.share * static_cast<double>(accuracy.inputs));
  const statistics::Estimate wrong{.n = accuracy.inputs, .failures = accuracy.inputs - right};
  return {1 - statistics::upper_bound(wrong, kOneSided),
          1 - statistics::lower_bound(wrong, kOneSided)};
}

}  // namespace

nlohmann::ordered_json accuracy_json(const Accuracy& accuracy, const std::string& name) {
  nlohmann::ordered_json json = {
      {name, accuracy.share}, {name + "_inputs", accuracy.inputs}, {name + "_of", accuracy.of}};
  if (accuracy.draws) json[name + "_interval"] = interval(accuracy);
  return json;
}

std::string accuracy_in_words(const nlohmann::ordered_json& json, const std::string& name,
                              int decimals) {
  const auto percent = [&](double share) { return fmt::format("{:.{}f}%", 100 * share, decimals); };
  std::string text = percent(json.at(name));
  if (json.contains(name + "_interval")) {
    const auto [low, high] = json.at(name + "_interval").get<std::pair<double, double>>();
    text += fmt::format(" [{}, {}]", percent(low), percent(high));
  }
  return fmt::format("{} of {}", text, grouped(json.at(name + "_inputs")));
}

}  // namespace assay::tools
