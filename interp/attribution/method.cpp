#include "interp/attribution/method.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "interp/attribution/attention.h"
#include "interp/attribution/gradient_norm.h"
#include "interp/attribution/input_x_gradient.h"
#include "interp/attribution/integrated_gradients.h"
#include "interp/attribution/kernel_shap.h"
#include "interp/attribution/lime.h"
#include "interp/attribution/occlusion.h"
#include "interp/attribution/random_scores.h"
#include "interp/attribution/reagent.h"
#include "interp/attribution/sampled_shapley.h"
#include "interp/attribution/shapley.h"
#include "interp/attribution/slalom/method.h"

namespace assay::interp::attribution {
namespace {

/// The item of that name. @throws std::invalid_argument listing the names.
template <typename Item>
const Item& item_named(const std::string& name, const std::vector<Item>& items,
                       const std::string& what) {
  const auto found = std::ranges::find(items, name, &Item::name);
  if (found != items.end()) return *found;
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name);
  throw std::invalid_argument(
      fmt::format("unknown {} '{}'; there are {}", what, name, fmt::join(names, ", ")));
}

void require_access(const Problem& problem, const std::string& name, Takes takes) {
  if (takes == Takes::LooksInside && !problem.model)
    throw std::invalid_argument(
        fmt::format("method '{}' looks inside the network, which is a black box here", name));
  if (takes == Takes::Replaces && !problem.replacer)
    throw std::invalid_argument(
        fmt::format("method '{}' replaces tokens, and nothing says by what", name));
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> all = {
      random_scores_method(),
      occlusion_method(),
      shapley_method(),
      sampled_shapley_method(),
      kernel_shap_method(),
      lime_method(),
      slalom_method(),
      reagent_method(),
      gradient_norm_method(),
      input_x_gradient_method(),
      integrated_gradients_method(),
      attention_method(),
  };
  return all;
}

Explanation explain(const std::string& name, const Problem& problem) {
  const size_t colon = name.find(':');
  const Method& method = item_named(name.substr(0, colon), methods(), "method");
  const Preset& preset = colon == name.npos
                             ? method.presets.front()
                             : item_named(name.substr(colon + 1), method.presets,
                                          fmt::format("preset of method '{}'", method.name));
  validate(problem.input);
  require_access(problem, name, preset.takes);

  const int64_t rows = problem.scorer.rows() + problem.logits.rows();
  const auto start = std::chrono::steady_clock::now();
  Explanation explanation = method.explain(problem, preset.name);
  explanation.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  explanation.rows += problem.scorer.rows() + problem.logits.rows() - rows;
  explanation.method =
      method.presets.size() == 1 ? method.name : fmt::format("{}:{}", method.name, preset.name);
  return explanation;
}

}  // namespace assay::interp::attribution
