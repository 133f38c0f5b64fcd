#include "tasks/explaining.h"

#include <torch/types.h>

namespace assay::tasks {

using interp::attribution::Framing;
using interp::attribution::Problem;
using interp::attribution::Sequence;
using interp::attribution::Target;

std::vector<int64_t> answers_given(const Task& task, const interp::Network& network,
                                   const at::Tensor& tokens) {
  const std::vector<int64_t> answers = task.answers();
  const auto scorer = interp::attribution::logits_scorer_of(network, task.lengths().framing);
  const at::Tensor logits = scorer(std::vector<Sequence>{task.sequence_of(tokens)})[0];
  const at::Tensor of_answers = logits.index_select(0, torch::tensor(answers, torch::kInt64));
  const double largest = of_answers.max().item<double>();
  std::vector<int64_t> given;
  for (size_t i = 0; i < answers.size(); ++i)
    if (of_answers[static_cast<int64_t>(i)].item<double>() == largest) given.push_back(answers[i]);
  return given;
}

int64_t answer_of(const Task& task, const interp::Network& network, const at::Tensor& tokens) {
  return answers_given(task, network, tokens).front();
}

Problem problem_of(const Task& task, const interp::Network& network, const at::Tensor& tokens,
                   const ExplainConfig& config) {
  task.require_fits(network.places());
  const Framing framing = task.lengths().framing;
  const Sequence sequence = task.sequence_of(tokens);
  const Target target = config.target.value_or(Target{.token = answer_of(task, network, tokens)});
  return {.input = {.tokens = sequence, .features = task.features(config.features, sequence)},
          .scorer = interp::attribution::scorer_of(network, target, framing),
          .logits = interp::attribution::logits_scorer_of(network, framing),
          .target = target,
          .framing = framing,
          .network = &network,
          .replacer = config.replacer,
          .one_length = task.lengths().one,
          .rows = config.rows,
          .seed = config.seed};
}

}  // namespace assay::tasks
