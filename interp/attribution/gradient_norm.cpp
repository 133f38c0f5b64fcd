#include "interp/attribution/gradient_norm.h"

#include <torch/types.h>

#include "interp/attribution/embedded_input.h"

namespace assay::interp::attribution {
namespace {

Explanation explain_by_norm(const Problem& problem, const std::string&) {
  const EmbeddedInput input(problem);
  const auto [scores, gradients] = input.gradients(problem.target, input.embeddings().unsqueeze(0));
  const at::Tensor squares = gradients[0].to(torch::kFloat64).square().sum(1);
  return {.scores = input.summed(squares).sqrt(), .rows = 1};
}

}  // namespace

Method gradient_norm_method() {
  return {.name = "gradient-norm",
          .help = "norm of the gradient in a feature's embeddings",
          .presets = {{.name = "embedding", .help = "", .takes = Takes::LooksInside}},
          .explain = explain_by_norm};
}

}  // namespace assay::interp::attribution
