// Attacks on rows of a validation. What a row asks of one input is told by the checker; here it is
// a number that grows as the input comes closer to failing, so that there is something to climb.

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "axioms/proofs/attack.h"
#include "circuits/interpretation/abstract_values.h"
#include "circuits/interpretation/operations.h"
#include "interp/names.h"
#include "interp/network/transformer.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using circuits::Step;
using circuits::Value;

struct Row {
  size_t step = 0;
  bool from_parents = false;  ///< CE and CR: computed from the parents' values as read
  bool written = false;       ///< PR and CR
};

Row row_named(const Study& study, const std::string& name) {
  const size_t dot = name.rfind('.');
  const std::string axiom = dot == name.npos ? "" : name.substr(dot + 1);
  const std::vector<std::string> axioms = {"PE", "CE", "PR", "CR"};
  if (std::ranges::count(axioms, axiom) == 0)
    throw std::invalid_argument(fmt::format(
        "row '{}': expected NODE.PE, NODE.CE, NODE.PR or NODE.CR, such as parse.PE", name));
  const auto& steps = study.program.steps;
  const std::string node = name.substr(0, dot);
  const auto found = std::ranges::find(steps, node, &Step::name);
  if (found == steps.end()) interp::refuse_name("node", node, interp::names_of(steps));
  const Row row{.step = static_cast<size_t>(found - steps.begin()),
                .from_parents = axiom[0] == 'C',
                .written = axiom[1] == 'R'};
  if (!row.written && !found->equality)
    throw std::invalid_argument("node " + node + ": its values are compared by their effect only");
  return row;
}

Value on_cpu(const Value& value) {
  return value.to(torch::kCPU);
}

// What the interpretation computes at the row's node, from the input or from its parents.
Value computed(const Study& study, const Row& row, const std::vector<Value>& actual,
               const Tensor& tokens) {
  if (!row.from_parents) return circuits::prefix_values(study.program, tokens).at(row.step);
  return circuits::step_value(study.program.steps[row.step], actual, tokens);
}

// Above 0 where the equality calls the values different; the share of elements that differ.
Tensor values_apart(const Step& step, const Value& actual, const Value& computed) {
  const Tensor unequal = step.equality(actual, computed).logical_not();
  const Tensor differ = actual.ne(computed).unsqueeze(-1).flatten(1).to(torch::kFloat64).mean(1);
  return at::where(unequal, differ, differ - 1);
}

// The tokens that the output chooses among, where the row is about the output; else nothing.
std::optional<Tensor> tokens_of_output(const Study& study, const Row& row) {
  const auto node = std::ranges::find(study.interpretation.nodes, study.interpretation.output,
                                      &circuits::Node::name);
  if (row.step != study.program.output || node->alpha.name != "argmax_of") return std::nullopt;
  return torch::tensor(circuits::parameter<std::vector<int64_t>>(node->alpha, "tokens"));
}

// At the output values are answers, and logits say how far the network is from another one.
Tensor output_apart(const Study& study, const Tensor& named, const Value& computed,
                    const Tensor& tokens) {
  const Tensor logits = interp::logits_at(study.network, tokens, study.domain().readout)
                            .to(torch::kCPU)
                            .to(torch::kFloat64)
                            .index_select(1, named);
  const Tensor of_computed = logits.gather(1, computed.unsqueeze(1)).squeeze(1);
  const Tensor others =
      logits.scatter(1, computed.unsqueeze(1), -std::numeric_limits<double>::infinity());
  return std::get<0>(others.max(1)) - of_computed;
}

// By how much another answer leads after the writing; the network's own answer is told before.
// Where it has none, as two answers share the largest logit, there is nothing to change.
Tensor answers_apart(const Study& study, const Step& step, const Value& value,
                     const Tensor& tokens) {
  const Tensor named = torch::tensor(study.answers);
  const interp::Site site = interp::logits_site(study.network, study.domain().readout);
  interp::TraceRequest request{.record = {site}};
  const auto written = step.gamma(value);
  for (size_t i = 0; i < step.sites.size(); ++i)
    request.overwrite.push_back({step.sites[i], written.at(i)});
  const Tensor logits = study.network.trace(tokens, request)
                            .at(0)
                            .select(1, 0)
                            .to(torch::kCPU)
                            .to(torch::kFloat64)
                            .index_select(1, named)
                            .expand({tokens.size(0), -1});
  const Tensor own = study.network_answers(tokens);
  const Tensor is_own = named.unsqueeze(0).eq(own.unsqueeze(1));
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  const Tensor others = std::get<0>(logits.masked_fill(is_own, kNone).max(1));
  const Tensor of_own = std::get<0>(logits.masked_fill(is_own.logical_not(), kNone).max(1));
  return at::where(own.lt(0), at::full_like(others, kNone), others - of_own);
}

}  // namespace

Attack attack_row(const Study& study, const std::string& name, const AttackOptions& options) {
  const Row row = row_named(study, name);
  const Step& step = study.program.steps[row.step];
  const std::optional<Tensor> named = tokens_of_output(study, row);
  return attack(
      study,
      [&](const Tensor& tokens) {
        std::vector<Value> actual = circuits::network_values(study.network, study.program, tokens);
        std::ranges::transform(actual, actual.begin(), on_cpu);
        const Value value = computed(study, row, actual, tokens);
        if (row.written) return answers_apart(study, step, value, tokens);
        if (named) return output_apart(study, *named, value, tokens);
        return values_apart(step, actual.at(row.step), value);
      },
      options);
}

}  // namespace assay::proofs
