#include "interp/attribution/reagent.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/attribution/probes.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

void require_at_least(const char* field, int64_t value, int64_t least) {
  if (value < least)
    throw std::invalid_argument(
        fmt::format("reagent: {}: expected at least {}, got {}", field, least, value));
}

void validate(const ReagentConfig& config) {
  validate(config.masks);
  require_at_least("probes", config.probes, 1);
  require_at_least("max_steps", config.max_steps, 1);
  require_at_least("top_k", config.stop.top_k, 0);
  require_at_least("keep", config.stop.keep, 0);
  require_at_least("draws", config.stop.draws, 1);
  require_at_least("consecutive", config.stop.consecutive, 1);
  require_at_least("check_every", config.stop.check_every, 1);
  if (!(config.stop.keep_share >= 0 && config.stop.keep_share <= 1))
    throw std::invalid_argument(
        fmt::format("reagent: keep_share: expected 0 to 1, got {}", config.stop.keep_share));
}

/// Values of the eligible features, spread over all: float64 [features].
Tensor spread(const Tensor& values, const std::vector<int64_t>& eligible, int64_t n_features) {
  return at::zeros({n_features}, torch::kFloat64)
      .index_copy(0, torch::tensor(eligible, torch::kInt64), values);
}

nlohmann::ordered_json diagnostics(const Probes& probes, const Problem& problem,
                                   const ReagentConfig& config) {
  nlohmann::ordered_json json = {{"value", probes.original()},
                                 {"seed", problem.seed},
                                 {"replacer", problem.replacer->name()},
                                 {"eligible", probes.eligible().size()},
                                 {"steps", probes.steps()},
                                 {"clamped", probes.clamped()},
                                 {"self_replacement_rate", probes.counts().self_replacement_rate()},
                                 {"mean_changed", probes.counts().mean_changed()}};
  if (stops_early(config.stop)) json["converged"] = probes.converged();
  return json;
}

std::string caveat(const Probes& probes, const ReagentConfig& config) {
  if (!stops_early(config.stop) || probes.converged() == config.probes) return "";
  return fmt::format("{} of {} probes did not meet the stop rule in {} steps",
                     config.probes - probes.converged(), config.probes, config.max_steps);
}

std::vector<Preset> presets() {
  const auto preset = [](const char* name, const char* help) {
    return Preset{.name = name, .help = help, .takes = Takes::Replaces};
  };
  return {preset("small-vocab", "a fixed budget of rows, marginal effects"),
          preset("paper", "30% replaced, until 30% suffice"),
          preset("repo", "the authors' code: 30% replaced, until 8 features suffice"),
          preset("inseq", "inseq's defaults: 16 probes, until 5 features suffice")};
}

}  // namespace

ReagentConfig reagent_preset(const std::string& name, int64_t rows) {
  constexpr MaskDesign kPublished{.kind = MaskKind::Bernoulli, .ratio = 0.3};
  if (name == "paper") return {.masks = kPublished, .stop = {.top_k = 3, .keep_share = 0.3}};
  if (name == "repo") return {.masks = kPublished, .stop = {.top_k = 3, .keep = 8}};
  if (name == "inseq") return {.masks = kPublished, .probes = 16, .stop = {.top_k = 3, .keep = 5}};
  if (name == "small-vocab") {
    constexpr int64_t kProbes = 5;
    return {.masks = {.kind = MaskKind::Balanced, .ratio = 0.1},
            .probes = kProbes,
            .max_steps = std::max<int64_t>(1, (rows - 1) / kProbes),
            .stop = {},
            .scores = Reading::Marginal};
  }
  throw std::invalid_argument(fmt::format(
      "unknown preset '{}' of reagent; there are small-vocab, paper, repo, inseq", name));
}

Explanation reagent(const Problem& problem, const ReagentConfig& config) {
  validate(config);
  Probes probes(problem, config);
  probes.run();

  const auto everywhere = [&](const Tensor& values) {
    return spread(values, probes.eligible(), problem.input.size());
  };
  const MarginalEffects marginal = probes.marginal();
  Explanation explanation{.scores = everywhere(marginal.mean),
                          .standard_errors = everywhere(marginal.standard_error),
                          .diagnostics = diagnostics(probes, problem, config),
                          .caveat = caveat(probes, config)};
  explanation.readings = {{"marginal", explanation.scores},
                          {"marginal-se", explanation.standard_errors}};
  if (problem.target.kind != TargetKind::Probability) return explanation;
  explanation.readings["raw"] = everywhere(probes.raw());
  if (config.scores == Reading::Raw) {
    explanation.scores = explanation.readings["raw"];
    explanation.standard_errors = Tensor();
  }
  return explanation;
}

Method reagent_method() {
  return {.name = "reagent",
          .help = "random replacements, scored by the fall of the target (arXiv 2402.00794)",
          .presets = presets(),
          .readings = {{"marginal", "marginal effects, in units of the target"},
                       {"marginal-se", "their standard errors"},
                       {"raw", "softmax of the published scores; of probabilities alone"}},
          .explain = [](const Problem& problem, const std::string& preset) {
            return reagent(problem, reagent_preset(preset, problem.rows));
          }};
}

}  // namespace assay::interp::attribution
