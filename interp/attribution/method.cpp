#include "interp/attribution/method.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

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
#include "interp/names.h"

namespace assay::interp::attribution {
namespace {

/// The item of that name. @throws std::invalid_argument listing the names.
template <typename Item>
const Item& item_named(const std::string& name, const std::vector<Item>& items,
                       const std::string& what) {
  const auto found = std::ranges::find(items, name, &Item::name);
  if (found != items.end()) return *found;
  refuse_name(what, name, names_of(items));
}

/// Why the problem does not allow it; empty: it does.
std::string objection(const Problem& problem, Takes takes) {
  if (takes == Takes::LooksInside && !problem.network)
    return "looks inside the network, which is a black box here";
  if (takes == Takes::Replaces && !problem.replacer)
    return "replaces tokens, and nothing says by what";
  if (takes == Takes::Deletes && problem.one_length)
    return "deletes tokens, and this network reads inputs of one length only";
  return "";
}

const Preset& default_preset(const Method& method, const Problem& problem) {
  const auto allowed = std::ranges::find_if(method.presets, [&](const Preset& preset) {
    return objection(problem, preset.takes).empty();
  });
  return allowed == method.presets.end() ? method.presets.front() : *allowed;
}

std::string joined_name(const Method& method, const Preset& preset) {
  return method.presets.size() == 1 ? method.name : fmt::format("{}:{}", method.name, preset.name);
}

void require_finite(const Explanation& explanation, const Input& input) {
  const at::Tensor bad = at::isfinite(explanation.scores).logical_not().nonzero();
  if (bad.numel() == 0) return;
  throw std::runtime_error(fmt::format("{}: the score of '{}' is not finite", explanation.method,
                                       input.features[bad[0].item<int64_t>()].name));
}

Explanation timed_run(const MethodRequest& request, const Problem& problem) {
  validate(problem.input);
  const int64_t rows = problem.scorer.rows() + problem.logits.rows();
  const auto start = std::chrono::steady_clock::now();
  Explanation explanation = request.method->explain(problem, request.preset->name);
  explanation.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  explanation.rows += problem.scorer.rows() + problem.logits.rows() - rows;
  explanation.method = request.run();
  require_finite(explanation, problem.input);
  return explanation;
}

/// The same run with another reading as its scores; standard errors are those of the scores.
Explanation read_as(Explanation explanation, const std::string& reading) {
  const auto found = explanation.readings.find(reading);
  if (found == explanation.readings.end()) {
    std::vector<std::string> names;
    for (const auto& [name, scores] : explanation.readings) names.push_back(name);
    throw std::invalid_argument(fmt::format("{} has no reading '{}' of this target; {}",
                                            explanation.method, reading,
                                            there_are(names, reading)));
  }
  explanation.method += '@' + reading;
  explanation.scores = found->second;
  explanation.standard_errors = at::Tensor();
  return explanation;
}

}  // namespace

Registry<Method>& methods() {
  static Registry<Method> all("method", {
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
                                        });
  return all;
}

std::string MethodRequest::run() const {
  return joined_name(*method, *preset);
}

std::string MethodRequest::name() const {
  return reading.empty() ? run() : run() + '@' + reading;
}

MethodRequest parse_method(const std::string& text, const Problem& problem) {
  const size_t at = text.find('@');
  const std::string run = text.substr(0, at);
  const size_t colon = run.find(':');
  const Method& method = methods().at(run.substr(0, colon));
  const auto of_method = [&](const char* what) {
    return fmt::format("{} of method '{}'", what, method.name);
  };
  const Preset& preset =
      colon == run.npos ? default_preset(method, problem)
                        : item_named(run.substr(colon + 1), method.presets, of_method("preset"));
  const std::string refused = objection(problem, preset.takes);
  if (!refused.empty())
    throw std::invalid_argument(
        fmt::format("method '{}' {}", joined_name(method, preset), refused));
  MethodRequest request{.method = &method, .preset = &preset};
  if (at != text.npos)
    request.reading = item_named(text.substr(at + 1), method.readings, of_method("reading")).name;
  return request;
}

Explanation MethodRuns::operator()(const MethodRequest& request) {
  if (!done_.contains(request.run())) done_[request.run()] = timed_run(request, problem_);
  const Explanation& explanation = done_[request.run()];
  return request.reading.empty() ? explanation : read_as(explanation, request.reading);
}

Explanation explain(const std::string& method, const Problem& problem) {
  return MethodRuns(problem)(parse_method(method, problem));
}

}  // namespace assay::interp::attribution
