#include "axioms/proofs/study.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>

#include "circuits/interpretation/abstract_values.h"
#include "circuits/interpretation/operations.h"
#include "interp/network/transformer.h"

namespace assay::proofs {

using at::Tensor;

Tensor Study::right(const Tensor& tokens) const {
  return proofs::answers(specified.specification, specified.domain, tokens);
}

Tensor Study::program_answers(const Tensor& tokens) const {
  const auto output =
      std::ranges::find(interpretation.nodes, interpretation.output, &circuits::Node::name);
  if (output == interpretation.nodes.end() || output->alpha.name != "argmax_of")
    throw Untreated("the interpretation's output is not one of some tokens (argmax_of)");
  const Tensor named =
      torch::tensor(circuits::parameter<std::vector<int64_t>>(output->alpha, "tokens"));
  const Tensor index = circuits::prefix_values(program, tokens).at(program.output);
  if (index.dim() != 1 || index.scalar_type() != torch::kInt64 ||
      index.lt(0).logical_or(index.ge(named.size(0))).any().item<bool>())
    throw Untreated("the interpretation's output is no index of an answer");
  return named.index_select(0, index);
}

Tensor Study::network_answers(const Tensor& tokens) const {
  const at::NoGradGuard no_grad;
  const Tensor named = torch::tensor(answers);
  const Tensor logits =
      interp::logits_at(network, tokens, domain().readout).to(torch::kCPU).index_select(1, named);
  const auto [largest, index] = logits.max(1, true);
  const Tensor tied = logits.eq(largest).sum(1).gt(1);
  return named.index_select(0, index.squeeze(1)).masked_fill(tied, -1);
}

bool Study::is_input(const Tensor& tokens) const {
  return !knowledge.is_input || knowledge.is_input(tokens);
}

nlohmann::ordered_json Study::witness(const Tensor& tokens) const {
  const Tensor row = tokens.unsqueeze(0).contiguous();
  return {{"kind", "witness"},
          {"tokens",
           std::vector<int64_t>(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel())},
          {"program", program_answers(row).item<int64_t>()},
          {"specification", right(row).item<int64_t>()},
          {"network", network_answers(row).item<int64_t>()}};
}

}  // namespace assay::proofs
