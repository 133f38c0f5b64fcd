#include "tasks/agreement.h"

#include <torch/types.h>

#include <limits>

#include "circuits/dependence.h"
#include "interp/attribution/rank_statistics.h"

namespace assay::tasks {

using at::Tensor;
using interp::attribution::Sequence;

std::vector<Reference> known_references(const Task& task, const std::string& kind,
                                        const Sequence& tokens) {
  std::vector<Reference> references;
  for (const Relevance& known : task.relevance(kind, tokens))
    references.push_back(
        {.name = known.name, .values = known.relevant, .is_signed = known.supports});
  return references;
}

std::vector<Reference> mechanism_references(const Task& task, const circuits::Program& program,
                                            const std::string& kind, const Tensor& tokens) {
  const Sequence sequence = task.sequence_of(tokens);
  const auto features = static_cast<int64_t>(task.features(kind, sequence).size());
  std::vector<Tensor> shares;  // of each feature: [step]
  for (int64_t feature = 0; feature < features; ++feature) {
    const Tensor others = task.interventions(kind, sequence, feature);
    if (others.size(0) == 0) return {};
    shares.push_back(circuits::changed_share(program, tokens, others).mean(1));
  }
  std::vector<Reference> references;
  for (size_t step = 0; step < program.steps.size(); ++step) {
    const std::string& name = program.steps[step].name;
    const Tensor share = at::stack(shares, 1)[static_cast<int64_t>(step)];
    references.push_back({.name = name, .values = share});
    references.push_back({.name = name, .values = share.gt(0)});
  }
  return references;
}

Measures agreement(const Tensor& scores, const std::vector<Reference>& references) {
  Measures measures;
  for (const Reference& reference : references) {
    const Tensor compared = reference.is_signed ? scores : scores.abs();
    if (reference.values.scalar_type() != torch::kBool) {
      measures[reference.name + ".spearman"] =
          interp::attribution::spearman(compared, reference.values);
      continue;
    }
    const int64_t relevant = reference.values.sum().item<int64_t>();
    const bool defined = relevant > 0 && relevant < reference.values.numel();
    constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
    measures[reference.name + ".auroc"] = interp::attribution::auroc(compared, reference.values);
    measures[reference.name + ".precision"] =
        defined ? interp::attribution::precision_at(relevant, compared, reference.values)
                : kUndefined;
  }
  return measures;
}

}  // namespace assay::tasks
