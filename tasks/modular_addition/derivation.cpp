#include "tasks/modular_addition/derivation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <numeric>
#include <stdexcept>

#include "circuits/interpretation/operations.h"
#include "tasks/deriving.h"
#include "tasks/modular_addition/evidence.h"
#include "tasks/modular_addition/fourier.h"
#include "tasks/modular_addition/observations.h"

namespace assay::tasks::modular_addition {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using interp::Site;

/// What the variant and the options come to.
struct Choices {
  std::string variant;
  nlohmann::json rounding;       ///< parameters of node fourier: {} or {decimals}
  circuits::Operation equality;  ///< of node sum
};

Choices choose(const Task& task, const DeriveConfig& config) {
  const Settings options =
      complete(derivation_options(), config.options, "deriving for modular-addition");
  const nlohmann::json none = nlohmann::json::object();
  const nlohmann::json rounding = {{"decimals", options.at("decimals")}};
  const nlohmann::json sum_rounding = {{"decimals", options.at("sum_decimals")}};
  for (const auto& [name, parameters] : {std::pair{"fourier", rounding}, {"sum", sum_rounding}})
    circuits::decimals_of({.name = name, .parameters = parameters, .tensors = {}});
  const std::string variant = variant_of(task, config);
  if (variant == "downstream") return {variant, rounding, {.name = "downstream", .tensors = {}}};
  if (variant == "rounded")
    return {
        variant, rounding, {.name = "equal_rounded", .parameters = sum_rounding, .tensors = {}}};
  return {variant, none, {.name = "equal", .tensors = {}}};  // exact
}

circuits::Operation alpha(const LinearMap& map, const nlohmann::json& rounding) {
  return {.name = "linear",
          .parameters = rounding,
          .tensors = {{"weight", map.weight}, {"bias", map.bias}}};
}

circuits::Operation gamma(const LinearMap& map, const Tensor& constant) {
  return {.name = "write_linear",
          .tensors = {{"weight", map.weight}, {"bias", map.bias}, {"constant", constant}}};
}

nlohmann::json wave_parameters(int64_t p, const KeyFrequencies& key) {
  return {{"p", p}, {"frequencies", key.frequencies}};
}

// The `=` keeps its own embedding.
Node fourier_node(const interp::Transformer& model, int64_t p, const KeyFrequencies& key,
                  const LinearMap& read, const LinearMap& write, const nlohmann::json& rounding) {
  const Site numbers{.place = hook::embed(), .positions = {0, 1}};
  const Site equals{.place = hook::embed(), .positions = {kReadout}};
  nlohmann::json parameters = wave_parameters(p, key);
  parameters.update(rounding);
  return {.name = "fourier",
          .parents = {circuits::kTokens},
          .sites = {numbers, equals},
          .reads = {numbers},
          .h = {.name = "fourier_components", .parameters = parameters, .tensors = {}},
          .alpha = alpha(read, rounding),
          .gamma = gamma(write, model.W_E().detach().cpu().narrow(0, p, 1).clone()),
          .equality = {.name = "equal", .tensors = {}}};
}

Node sum_node(const LinearMap& read, const LinearMap& write, const Tensor& mean_mid,
              const circuits::Operation& equality) {
  const Site hidden{.place = hook::mlp_post(0), .positions = {kReadout}};
  const Site stream{.place = hook::resid_mid(0), .positions = {kReadout}};
  return {.name = "sum",
          .parents = {"fourier"},
          .sites = {hidden, stream},
          .reads = {hidden},
          .h = {.name = "angle_sums", .tensors = {}},
          .alpha = alpha(read, nlohmann::json::object()),
          .gamma = gamma(write, mean_mid.unsqueeze(0)),
          .equality = equality};
}

// The network's decision is the task's: among the numbers, the `=` is no answer.
Node answer_node(int64_t p, const KeyFrequencies& key) {
  std::vector<int64_t> numbers(static_cast<size_t>(p));
  std::iota(numbers.begin(), numbers.end(), 0);
  return tasks::answer_node(
      "answer", {"sum"},
      {.name = "argmax_of_differences", .parameters = wave_parameters(p, key), .tensors = {}},
      {.position = kReadout, .answers = numbers, .d_vocab = p + 1});
}

/// @throws std::invalid_argument for more inputs than there are.
void require_at_most(const Pairs& pairs, const DeriveConfig& config) {
  const auto size = static_cast<int64_t>(pairs.of(config.part).size());
  if (config.inputs && (*config.inputs < 1 || *config.inputs > size))
    throw std::invalid_argument(
        fmt::format("derive: expected 1 to {} inputs, all that the {} part "
                    "has, got {}",
                    size, to_string(config.part), *config.inputs));
}

}  // namespace

std::vector<std::string> variants() {
  return {"downstream", "rounded", "exact"};
}

std::vector<Option> derivation_options() {
  return {{"decimals", "--decimals", "that the waves of a number are rounded to", 3},
          {"sum_decimals", "--sum-decimals",
           "that the waves of the sum are rounded to (variant rounded)", 1}};
}

Derivation derive(const Task& task, const Pairs& pairs, const interp::Network& network,
                  const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const int64_t p = pairs.settings().p;
  const Choices choices = choose(task, config);
  const interp::Transformer& model =
      interp::require_transformer(network, "deriving modular-addition");
  if (model.config().n_layers() != 1)
    throw std::invalid_argument(
        fmt::format("the interpretation of modular addition speaks about one block, the model has "
                    "{}",
                    model.config().n_layers()));
  require_at_most(pairs, config);
  const auto [fitting, fitted_on] = fitting_inputs(task, config);
  // As rows of the domain, which is in the order of a·p + b.
  const Tensor rows = fitting.select(1, 0) * p + fitting.select(1, 1);

  const Tensor numbers = model.W_E().detach().cpu().narrow(0, 0, p);  // [p, d_model]
  const KeyFrequencies key = key_frequencies(spectrum(numbers));
  const Tensor number_waves = waves(p, key.frequencies);
  const LinearMap read_number = fit(numbers, number_waves),
                  write_number = fit(number_waves, numbers);

  const Domain domain = pairs.domain();
  const Observations all = observe(model, domain.inputs.tokens);
  if (config.on_progress) config.on_progress(pairs.count(), pairs.count());
  const Tensor hidden = all.hidden.index_select(0, rows);
  const Tensor sums = domain.inputs.labels.index_select(0, rows);
  const Tensor sum_waves = number_waves.index_select(0, sums);
  const LinearMap read_sum = fit(hidden, sum_waves), write_sum = fit(sum_waves, hidden);

  std::vector<Evidence> evidence = fourier_evidence(model, p, key, write_number);
  for (Evidence& fact : sum_evidence(all, p, key)) evidence.push_back(std::move(fact));
  for (Evidence& fact : answer_evidence(model, all, domain.inputs.labels, p, key))
    evidence.push_back(std::move(fact));
  return derivation_of(
      {.title = fmt::format("modular addition by {} waves ({})", key.frequencies.size(),
                            choices.variant),
       .task = task.to_json(),
       .model_sha256 = {},
       .fitted_on = fitted_on,
       .output = "answer",
       .nodes = {fourier_node(model, p, key, read_number, write_number, choices.rounding),
                 sum_node(read_sum, write_sum, all.mid.index_select(0, rows).mean(0),
                          choices.equality),
                 answer_node(p, key)}},
      std::move(evidence));
}

}  // namespace assay::tasks::modular_addition
