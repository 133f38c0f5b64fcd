#include "tasks/agreement.h"

#include <torch/types.h>

#include <algorithm>
#include <limits>

#include "circuits/interpretation/dependence.h"
#include "interp/doubles.h"
#include "interp/statistics/ranks.h"

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
    const std::vector<double> compared =
        interp::doubles_of(reference.is_signed ? scores : scores.abs());
    if (reference.values.scalar_type() != torch::kBool) {
      measures[reference.name + ".spearman"] =
          statistics::spearman(compared, interp::doubles_of(reference.values));
      continue;
    }
    const std::vector<bool> relevant = interp::flags_of(reference.values);
    const int64_t count = std::ranges::count(relevant, true);
    const bool defined = count > 0 && count < std::ssize(relevant);
    constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
    measures[reference.name + ".auroc"] = statistics::auroc(compared, relevant);
    measures[reference.name + ".precision"] =
        defined ? statistics::precision_at(count, compared, relevant) : kUndefined;
  }
  return measures;
}

}  // namespace assay::tasks
