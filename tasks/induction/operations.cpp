#include "tasks/induction/operations.h"

#include <torch/types.h>

#include <functional>
#include <stdexcept>

#include "interp/execution/constant.h"
#include "tasks/induction/pairs.h"

namespace assay::tasks::induction {

using at::Tensor;
using circuits::Value;

circuits::Function position_behind(const circuits::Operation& operation) {
  const auto positions = circuits::parameter<std::vector<int64_t>>(operation, "positions");
  if (positions.empty()) throw std::invalid_argument("positions: expected at least one");
  return [of = interp::Constant(positions)](const std::vector<Value>& parents) -> Value {
    const Tensor &before = parents.at(0).flatten(1), &tokens = parents.at(1);
    const Tensor found = before.eq(tokens.narrow(1, tokens.size(1) - 1, 1));
    const Tensor first =
        of.on(tokens.device()).index_select(0, found.to(torch::kInt64).argmax(1)).unsqueeze(1);
    return at::where(found.any(1, true), first, at::full_like(first, -1));
  };
}

circuits::Function token_there(const circuits::Operation& operation) {
  const auto symbols = circuits::parameter<int64_t>(operation, "symbols");
  return [symbols](const std::vector<Value>& parents) -> Value {
    const Tensor &position = parents.at(0), &tokens = parents.at(1);
    const Tensor there = tokens.gather(1, position.clamp_min(0));
    const Tensor is_symbol = there.lt(symbols).logical_and(position.ge(0));
    return at::where(is_symbol, there, tokens.narrow(1, 1, 1)).unsqueeze(2);
  };
}

circuits::Function same_token(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value {
    return parents.at(0).flatten(1).select(1, 0);
  };
}

circuits::Abstraction most_attended(const circuits::Operation&) {
  return [](const circuits::Activations& activations) -> Value {
    return activations.at(0).flatten(1).argmax(1, true);
  };
}

circuits::Concretisation attend_to(const circuits::Operation& operation) {
  const auto keys = circuits::parameter<int64_t>(operation, "keys");
  if (keys < 1) throw std::invalid_argument("keys: expected at least one");
  return [keys](const Value& value) -> circuits::Activations {
    const Tensor there = value.eq(at::arange(keys, value.options()));
    const Tensor all = there.logical_or(value.lt(0)).to(torch::kFloat32);
    return {(all / all.sum(1, true)).unsqueeze(1).unsqueeze(1)};
  };
}

namespace {

std::function<std::string(const circuits::Operation&)> told(const char* sentence) {
  return [sentence](const circuits::Operation&) { return std::string(sentence); };
}

}  // namespace

void add_operations(circuits::Operations& operations) {
  operations.functions.add(
      {.name = "position_behind",
       .help = "the position that has the last token in front of it",
       .make = position_behind,
       .sentence = told("Find the position that has the last token in front of it.")});
  operations.functions.add({.name = "token_there",
                            .help = "the token at a position",
                            .make = token_there,
                            .sentence = told("Take the token at the position found.")});
  operations.functions.add({.name = "same_token",
                            .help = "the token as it is",
                            .make = same_token,
                            .sentence = told("Answer with that token.")});
  operations.abstractions.add({.name = "most_attended",
                               .help = "the position that gets most attention",
                               .make = most_attended,
                               .sentence = told("the position that gets most attention")});
  operations.concretisations.add({"attend_to", "attention to one position alone", attend_to});
  add_pair_operations(operations);
}

}  // namespace assay::tasks::induction
