#include "tasks/explaining.h"

#include <torch/types.h>

#include "interp/trace.h"

namespace assay::tasks {

using namespace interp::attribution;

int64_t answer_of(const Task& task, const interp::Transformer& model, const at::Tensor& tokens) {
  const at::NoGradGuard no_grad;
  const std::vector<int64_t> answers = task.answers();
  const at::Tensor row = tokens.unsqueeze(0).to(model.W_E.device());
  const at::Tensor logits = interp::logits_at(model, row, task.readout())[0].cpu();
  const at::Tensor of_answers = logits.index_select(0, torch::tensor(answers, torch::kInt64));
  return answers.at(of_answers.argmax().item<int64_t>());
}

Problem problem_of(const Task& task, const interp::Transformer& model, const at::Tensor& tokens,
                   const ExplainConfig& config) {
  task.require_fits(model.config());
  const Framing framing = task.framing();
  const Sequence sequence = unframed(tokens, framing);
  const Target target = config.target.value_or(Target{.token = answer_of(task, model, tokens)});
  return {.input = {.tokens = sequence, .features = task.features(config.features, sequence)},
          .scorer = scorer_of(model, target, framing),
          .logits = logits_scorer_of(model, framing),
          .target = target,
          .framing = framing,
          .model = &model,
          .replacer = config.replacer,
          .rows = config.rows,
          .seed = config.seed};
}

}  // namespace assay::tasks
