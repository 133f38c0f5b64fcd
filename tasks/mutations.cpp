#include "tasks/mutations.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "circuits/interpretation/composition.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace {

using at::Tensor;
using circuits::Interpretation;
using circuits::Node;
using circuits::Operation;

constexpr int64_t kTried = 4096;  // inputs among which every answer should occur

// What the interpretation makes of tokens up to one node: H_v.
Tensor prefix_value(const Interpretation& interpretation, const std::string& node,
                    const circuits::Operations& operations, const Tensor& tokens) {
  Interpretation prefix = interpretation;
  prefix.output = node;
  const Operation all = circuits::chain(circuits::functions_after(prefix, circuits::kTokens));
  return circuits::make(operations.functions, all)({tokens});
}

// For every answer from 0 on, the first row that leads to it.
Tensor first_rows(const Tensor& answers) {
  std::vector<int64_t> rows;
  for (int64_t answer = 0; answer <= answers.max().item<int64_t>(); ++answer) {
    const Tensor found = answers.eq(answer).nonzero();
    if (found.size(0) == 0)
      throw std::invalid_argument(
          fmt::format("answer {} does not occur among {} inputs", answer, answers.size(0)));
    rows.push_back(found[0][0].item<int64_t>());
  }
  return torch::tensor(rows, torch::kInt64);
}

Interpretation write_answers(const Interpretation& interpretation, uint64_t seed) {
  const circuits::Operations operations = all_operations();
  Interpretation changed = interpretation;
  Node& node = circuits::choose_node(
      changed, seed, "a gamma before the output",
      [&](const Node& candidate) { return candidate.name != interpretation.output; });
  const std::vector<Operation> rest = circuits::functions_after(interpretation, node.name);

  const Tensor tokens =
      task_from_json(interpretation.task)->sample(Part::Test, /*seed=*/0, 0, kTried).tokens;
  const Tensor values = prefix_value(interpretation, node.name, operations, tokens);
  const Tensor answers = circuits::make(operations.functions, circuits::chain(rest))({values});
  const Tensor rows = first_rows(answers);
  circuits::Activations written =
      circuits::make(operations.concretisations, node.gamma)(values.index_select(0, rows));
  for (Tensor& states : written)
    states = states.expand({rows.size(0), states.size(1), states.size(2)}).contiguous();
  node.gamma = circuits::write_by_answer(rest, written);
  return circuits::retitled(changed, fmt::format("gamma of {} writes the answer", node.name));
}

}  // namespace

circuits::Mutation answer_gamma() {
  return {"answer-gamma", "a gamma that writes the answer instead of the value", write_answers};
}

}  // namespace assay::tasks
