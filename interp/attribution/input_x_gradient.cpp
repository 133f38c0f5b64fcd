#include "interp/attribution/input_x_gradient.h"

#include <torch/types.h>

#include "interp/attribution/embedded_input.h"

namespace assay::interp::attribution {
namespace {

Explanation explain_by_product(const Problem& problem, const std::string&) {
  const EmbeddedInput input(problem);
  const auto [scores, gradients] = input.gradients(problem.target, input.embeddings().unsqueeze(0));
  const at::Tensor products = (gradients[0] * input.embeddings()).to(torch::kFloat64);
  return {.scores = input.summed(products.sum(1)), .rows = 1};
}

}  // namespace

Method input_x_gradient_method() {
  return {.name = "input-x-gradient",
          .help = "embedding times gradient",
          .presets = {{.name = "embedding", .help = "", .takes = Takes::LooksInside}},
          .explain = explain_by_product};
}

}  // namespace assay::interp::attribution
