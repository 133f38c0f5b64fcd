#include "interp/attribution/slalom/questions.h"

#include <torch/types.h>

#include <map>

namespace assay::interp::attribution::slalom {

using at::Tensor;

Questions::Questions(const Problem& problem) : problem_(problem) {
  std::map<Sequence, int64_t> known;
  for (int64_t feature = 0; feature < problem.input.size(); ++feature) {
    Sequence tokens;
    for (const int64_t position : problem.input.features[feature].positions)
      tokens.push_back(problem.input.tokens[position]);
    const auto [type, is_new] = known.emplace(tokens, n_types());
    if (is_new) example_.push_back(feature);
    type_of_.push_back(type->second);
  }
}

Tensor Questions::scores_of(const std::vector<Sample>& samples) const {
  std::vector<Sequence> sequences;
  for (const Sample& sample : samples) {
    std::vector<int64_t> features;
    for (const int64_t type : sample) features.push_back(example_[type]);
    sequences.push_back(compose(problem_.input, features));
  }
  return problem_.scorer(sequences);
}

Observations Questions::ask(const std::vector<Sample>& samples) const {
  Observations data{{.n_features = n_types(), .rows = {}}, scores_of(samples)};
  for (const Sample& sample : samples) data.bags.rows.push_back(bag_of(sample));
  return data;
}

ClosedForm Questions::ask_closed_form() const {
  return closed_form([this](const std::vector<Sample>& samples) { return scores_of(samples); },
                     n_types());
}

Observations Questions::ask_parts(const Tensor& kept) const {
  Observations data{{.n_features = n_types(), .rows = {}},
                    problem_.scorer(keep(problem_.input, kept))};
  const bool* row = kept.data_ptr<bool>();
  for (int64_t i = 0; i < kept.size(0); ++i, row += problem_.input.size()) {
    std::vector<int64_t> types;
    for (int64_t f = 0; f < problem_.input.size(); ++f)
      if (row[f]) types.push_back(type_of_[f]);
    data.bags.rows.push_back(bag_of(types));
  }
  return data;
}

}  // namespace assay::interp::attribution::slalom
