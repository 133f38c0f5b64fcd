#include "axioms/checker.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

#include "circuits/abstract_values.h"
#include "interp/parallel.h"
#include "interp/trace.h"
#include "interp/transformer.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using circuits::Value;

// Inputs per run of the network: large enough for its matrix products, small enough for the cache.
constexpr int64_t kChunk = 128;

// Everything known about one chunk before the replaced runs.
struct Chunk {
  int64_t first = 0;
  Tensor tokens;                 // [batch, pos]
  std::vector<Value> actual;     // A_v
  std::vector<Value> prefix;     // H_v
  std::vector<Value> component;  // C_v
  Tensor decision;               // [batch]
};

Chunk observe(const interp::Transformer& model, const Program& program, const Tensor& tokens,
              int64_t first) {
  Chunk chunk{.first = first,
              .tokens = tokens,
              .actual = circuits::network_values(model, program, tokens),
              .prefix = circuits::prefix_values(program, tokens),
              .component = {},
              .decision = {}};
  for (const Step& step : program.steps)
    chunk.component.push_back(circuits::step_value(step, chunk.actual, tokens));
  chunk.decision = chunk.actual[program.output];
  return chunk;
}

// Rows in which two values differ in any element: bool [batch].
Tensor differ(const Value& left, const Value& right) {
  return left.ne(right).unsqueeze(-1).flatten(1).any(1);
}

void require_same_shape(const Step& step, const Value& actual, const Value& abstract) {
  if (actual.sizes() != abstract.sizes())
    throw std::invalid_argument(
        fmt::format("node '{}': alpha gives values of shape {}, but h of shape {}", step.name,
                    c10::str(actual.sizes()), c10::str(abstract.sizes())));
}

// The network's decision with the step's sites overwritten by γ(value).
Tensor replaced_decision(const interp::Transformer& model, const Program& program, const Step& step,
                         const Tensor& tokens, const Value& value) {
  interp::TraceRequest request;
  const circuits::Activations activations = step.gamma(value);
  if (activations.size() != step.sites.size())
    throw std::invalid_argument(fmt::format("node '{}': gamma writes {} tensors for {} sites",
                                            step.name, activations.size(), step.sites.size()));
  for (size_t i = 0; i < step.sites.size(); ++i)
    request.overwrite.push_back({step.sites[i], activations[i]});
  const Step& output = program.steps[program.output];
  request.record = output.reads;
  return output.alpha(interp::trace(model, tokens, request));
}

// Decisions with S_v := γ(H_v) and with S_v := γ(C_v); the second run is made only where they
// differ.
std::pair<Tensor, Tensor> replaced_decisions(const interp::Transformer& model,
                                             const Program& program, size_t v, const Chunk& chunk) {
  const Step& step = program.steps[v];
  const Tensor by_prefix = replaced_decision(model, program, step, chunk.tokens, chunk.prefix[v]);
  const Tensor rows = differ(chunk.prefix[v], chunk.component[v]).nonzero().flatten();
  if (rows.numel() == 0) return {by_prefix, by_prefix};
  const Tensor again = replaced_decision(model, program, step, chunk.tokens.index_select(0, rows),
                                         chunk.component[v].index_select(0, rows));
  return {by_prefix, by_prefix.index_copy(0, rows, again)};
}

// What the interpretation concludes if step v has this value.
Value conclusion(const Program& program, size_t v, const Chunk& chunk, const Value& value) {
  std::vector<Value> values = chunk.prefix;
  std::vector<bool> changed(program.steps.size());
  values[v] = value;
  changed[v] = true;
  for (size_t i = v + 1; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    changed[i] = std::ranges::any_of(step.parents,
                                     [&](int parent) { return parent >= 0 && changed[parent]; });
    if (changed[i]) values[i] = circuits::step_value(step, values, chunk.tokens);
  }
  return values[program.output];
}

// Rows in which A_v differs from H_v (PE), and from C_v (CE), by the step's equality.
std::pair<Tensor, Tensor> unequal(const interp::Transformer& model, const Program& program,
                                  size_t v, const Chunk& chunk, const Tensor& by_prefix,
                                  const Tensor& by_component) {
  const Step& step = program.steps[v];
  const Value &actual = chunk.actual[v], &prefix = chunk.prefix[v], &component = chunk.component[v];
  if (step.equality)
    return {step.equality(actual, prefix).logical_not(),
            step.equality(actual, component).logical_not()};
  const Tensor by_actual = replaced_decision(model, program, step, chunk.tokens, actual);
  const Value concluded = conclusion(program, v, chunk, actual);
  const auto apart = [&](const Tensor& replaced, const Value& value) {
    return differ(by_actual, replaced)
        .logical_or(differ(concluded, conclusion(program, v, chunk, value)));
  };
  return {apart(by_prefix, prefix), apart(by_component, component)};
}

void count(AxiomResult& result, const Chunk& chunk, const Tensor& failed, const Value& network,
           const Value& interpretation, int64_t witnesses) {
  const int64_t failures = failed.sum().item<int64_t>();
  result.estimate += {.n = failed.size(0), .failures = failures};
  if (failures == 0) return;
  const Tensor rows = failed.nonzero().flatten().cpu();
  for (int64_t i = 0; i < std::min(witnesses, failures); ++i) {
    const int64_t row = rows[i].item<int64_t>();
    const Tensor tokens = chunk.tokens[row].cpu().contiguous();
    result.witnesses.push_back(
        {.input = chunk.first + row,
         .tokens = {tokens.data_ptr<int64_t>(), tokens.data_ptr<int64_t>() + tokens.numel()},
         .network = circuits::value_as_json(network[row].cpu()),
         .interpretation = circuits::value_as_json(interpretation[row].cpu())});
  }
}

NodeResult check_node(const interp::Transformer& model, const Program& program, size_t v,
                      const Chunk& chunk, int64_t witnesses) {
  const Step& step = program.steps[v];
  NodeResult result{.node = step.name, .axioms = {}};
  require_same_shape(step, chunk.actual[v], chunk.prefix[v]);
  require_same_shape(step, chunk.actual[v], chunk.component[v]);
  const auto [by_prefix, by_component] = replaced_decisions(model, program, v, chunk);
  const auto [pe, ce] = unequal(model, program, v, chunk, by_prefix, by_component);
  const Tensor& decision = chunk.decision;
  count(result[Axiom::PE], chunk, pe, chunk.actual[v], chunk.prefix[v], witnesses);
  count(result[Axiom::CE], chunk, ce, chunk.actual[v], chunk.component[v], witnesses);
  count(result[Axiom::PR], chunk, differ(decision, by_prefix), decision, by_prefix, witnesses);
  count(result[Axiom::CR], chunk, differ(decision, by_component), decision, by_component,
        witnesses);
  result.inherited = pe.logical_and(ce.logical_not()).sum().item<int64_t>();
  return result;
}

void add(NodeResult& total, NodeResult part, int64_t witnesses) {
  total.inherited += part.inherited;
  for (const Axiom axiom : kAxioms) {
    AxiomResult& sum = total[axiom];
    sum.estimate += part[axiom].estimate;
    std::ranges::move(part[axiom].witnesses, std::back_inserter(sum.witnesses));
    // Chunks come in any order; the first failing inputs are kept all the same.
    std::ranges::sort(sum.witnesses, {}, &Witness::input);
    if (static_cast<int64_t>(sum.witnesses.size()) > witnesses) sum.witnesses.resize(witnesses);
  }
}

}  // namespace

CheckResult check(const interp::Transformer& model, const Program& program, const Inputs& inputs,
                  const CheckConfig& config) {
  CheckResult result;
  for (const Step& step : program.steps) result.nodes.push_back({.node = step.name, .axioms = {}});
  std::mutex mutex;
  const int64_t n_chunks = (config.inputs + kChunk - 1) / kChunk;
  interp::parallel_for(n_chunks, [&](int64_t i) {
    if (config.stop && *config.stop) return;
    const at::NoGradGuard no_grad;
    const int64_t first = i * kChunk;
    const int64_t size = std::min(kChunk, config.inputs - first);
    const Tensor tokens = inputs(first, size).to(model.W_E.device());
    const Chunk chunk = observe(model, program, tokens, first);
    std::vector<NodeResult> parts;
    for (size_t v = 0; v < program.steps.size(); ++v)
      parts.push_back(check_node(model, program, v, chunk, config.witnesses));
    const std::lock_guard lock(mutex);
    for (size_t v = 0; v < parts.size(); ++v)
      add(result.nodes[v], std::move(parts[v]), config.witnesses);
    result.inputs += size;
    if (config.on_progress) config.on_progress(result.inputs, config.inputs);
  });
  result.complete = result.inputs == config.inputs;
  return result;
}

}  // namespace assay::axioms
