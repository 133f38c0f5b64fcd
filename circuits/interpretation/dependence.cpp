#include "circuits/interpretation/dependence.h"

#include <torch/types.h>

#include "circuits/interpretation/abstract_values.h"

namespace assay::circuits {

at::Tensor changed_share(const Program& program, const at::Tensor& tokens,
                         const at::Tensor& others) {
  const std::vector<Value> before = prefix_values(program, tokens.unsqueeze(0));
  const std::vector<Value> after = prefix_values(program, others);
  std::vector<at::Tensor> shares;
  for (size_t i = 0; i < before.size(); ++i)
    shares.push_back(after[i].ne(before[i]).unsqueeze(-1).flatten(1).to(torch::kFloat64).mean(1));
  return at::stack(shares);
}

}  // namespace assay::circuits
