// A masked language model of formulas as a replacer: it has to find out by itself what the task's
// own replacer knows. The encoder is made as docs/explanations.md shows.

#include "interp/attribution/masked_lm_replacer.h"

#include <torch/types.h>

#include "interp/attribution/masked_inputs.h"
#include "interp/attribution/method.h"
#include "interp/doubles.h"
#include "interp/statistics/ranks.h"
#include "tasks/explaining.h"
#include "tests/tasks/two_sat/shipped_model.h"

namespace assay::tasks::two_sat {
namespace masked_lm_test {

using namespace interp::attribution;

std::shared_ptr<interp::Transformer> encoder_of_inputs(const Task& task) {
  const int64_t mask = task.d_vocab();  // a token more than the task has
  auto encoder =
      std::make_shared<interp::Transformer>(interp::TransformerConfig{.d_vocab = mask + 1,
                                                                      .n_ctx = task.n_ctx(),
                                                                      .d_model = 64,
                                                                      .d_mlp = 128,
                                                                      .n_heads = {4, 4},
                                                                      .d_head = {16, 16},
                                                                      .causal = false});
  interp::initialise(*encoder, {.seed = 1});
  const auto hidden = [&](Part part) { return masked_inputs(task.inputs(part, 1), mask, 0.15, 1); };
  interp::train(*encoder, {.phases = {{.steps = 1500, .learning_rate = 3e-3}}}, hidden(Part::Train),
                hidden(Part::Derive));
  return encoder;
}

class MaskedLmSlow : public ShippedModel {
 protected:
  MaskedLmSlow() : ShippedModel("reference") {}

  Problem problem(int64_t index, const Replacer& replacer) const {
    return problem_of(*task, *loaded.model, task->sample(Part::Test, 1, index, 1).tokens[0],
                      {.features = "literal", .replacer = &replacer});
  }
};

/// Half of what the probabilities of two lists differ by, from 0 (equal) to 1 (nothing in common).
double total_variation(const Support& a, const Support& b) {
  std::map<Sequence, double> difference;
  for (size_t i = 0; i < a.fillings.size(); ++i) difference[a.fillings[i]] += a.probabilities[i];
  for (size_t i = 0; i < b.fillings.size(); ++i) difference[b.fillings[i]] -= b.probabilities[i];
  double sum = 0;
  for (const auto& [filling, value] : difference) sum += std::abs(value);
  return sum / 2;
}

TEST_F(MaskedLmSlow, LearnsWhatFormulasAllowAndExplainsAsTheExactReplacerDoes) {
  const MaskedLmReplacer learned(encoder_of_inputs(*task));
  const auto exact = task->replacer("conditional");
  double variation = 0, spearman_of_effects = 0;
  int64_t literals = 0;
  constexpr int64_t kFormulas = 10;
  for (int64_t index = 0; index < kFormulas; ++index) {
    const Problem with_exact = problem(index, *exact), with_learned = problem(index, learned);
    for (const Feature& literal : with_exact.input.features) {
      const auto allowed = exact->support(with_exact.input.tokens, literal.positions);
      const auto expected = learned.support(with_exact.input.tokens, literal.positions);
      variation += total_variation(*allowed, *expected);
      ++literals;
    }
    const auto effects = [&](const Problem& problem) {
      return interp::doubles_of(explain("occlusion:replacement", problem).scores);
    };
    spearman_of_effects += statistics::spearman(effects(with_learned), effects(with_exact));
  }
  RecordProperty("total_variation", std::to_string(variation / static_cast<double>(literals)));
  RecordProperty("spearman", std::to_string(spearman_of_effects / kFormulas));
  EXPECT_LT(variation / static_cast<double>(literals), 0.1);
  EXPECT_GT(spearman_of_effects / kFormulas, 0.9);
}

}  // namespace masked_lm_test
}  // namespace assay::tasks::two_sat
