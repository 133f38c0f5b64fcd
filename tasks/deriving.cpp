#include "tasks/deriving.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "interp/files/files.h"
#include "interp/names.h"
#include "interp/network/places.h"

namespace assay::tasks {

std::string variant_of(const Task& task, const DeriveConfig& config) {
  const std::vector<std::string>& variants = task.need<Interpretations>().variants;
  if (config.variant.empty()) return variants.front();
  if (std::ranges::count(variants, config.variant) == 0)
    throw std::invalid_argument(fmt::format("unknown variant '{}' of {}; {}", config.variant,
                                            task.name(),
                                            interp::there_are(variants, config.variant)));
  return config.variant;
}

nlohmann::json fitted_on(const DeriveConfig& config, int64_t count, const std::string& sha256) {
  return {{"part", to_string(config.part)},
          {"seed", config.seed},
          {"count", count},
          {"sha256", sha256}};
}

FittingInputs fitting_inputs(const Task& task, const DeriveConfig& config) {
  const int64_t count = config.inputs.value_or(task.need<Interpretations>().inputs(config.part));
  if (count < 1) throw std::invalid_argument("derive: expected at least one input");
  const at::Tensor tokens = task.sample(config.part, config.seed, 0, count).tokens.contiguous();
  const std::string_view bytes(static_cast<const char*>(tokens.data_ptr()), tokens.nbytes());
  return {tokens, fitted_on(config, count, interp::sha256(bytes))};
}

circuits::Node answer_node(const std::string& name, std::vector<std::string> parents,
                           circuits::Operation h, const AnswerPlace& place) {
  const interp::Site logits{.place = interp::hook::logits(), .positions = {place.position}};
  return {.name = name,
          .parents = std::move(parents),
          .sites = {logits},
          .reads = {logits},
          .h = std::move(h),
          .alpha = {.name = "argmax_of", .parameters = {{"tokens", place.answers}}, .tensors = {}},
          .gamma = {.name = "write_answer",
                    .parameters = {{"tokens", place.answers}, {"d_vocab", place.d_vocab}},
                    .tensors = {}},
          .equality = {.name = "equal", .tensors = {}}};
}

Derivation derivation_of(circuits::Interpretation interpretation, std::vector<Evidence> evidence) {
  for (const Evidence& fact : evidence)
    for (circuits::Node& node : interpretation.nodes)
      if (node.name == fact.node)
        node.evidence.push_back(
            {{"statement", fact.statement}, {"value", fact.value}, {"supports", fact.supports}});
  return {std::move(interpretation), std::move(evidence)};
}

}  // namespace assay::tasks
