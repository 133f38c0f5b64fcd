#include "tools/page/failing_input.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <set>

#include "axioms/report.h"
#include "circuits/interpretation/abstract_values.h"
#include "interp/network/transformer.h"
#include "tasks/subject.h"
#include "tasks/wording.h"

namespace assay::tools::page {
namespace {

using at::Tensor;
using axioms::ReportRow;

constexpr size_t kPiecesMapped = 40, kHeadsMapped = 12;

/// Violated rows, then the others by what fails there most.
std::vector<const ReportRow*> weightiest_first(const std::vector<ReportRow>& rows) {
  std::vector<const ReportRow*> order;
  for (const ReportRow& row : rows) order.push_back(&row);
  std::ranges::stable_sort(order, std::greater(), [](const ReportRow* row) {
    return std::pair(row->verdict == axioms::Verdict::Violated, row->estimate.failures);
  });
  return order;
}

/// Witnesses by input: first those that a row comes first with, as far as there is room.
std::set<int64_t> chosen(const std::vector<ReportRow>& rows, size_t at_most, int64_t& kept) {
  std::set<int64_t> all, chosen;
  size_t most = 0;
  for (const ReportRow& row : rows) {
    most = std::max(most, row.witnesses.size());
    for (const axioms::Witness& witness : row.witnesses) all.insert(witness.input);
  }
  kept = std::ssize(all);
  const std::vector<const ReportRow*> order = weightiest_first(rows);
  for (size_t k = 0; k < most && chosen.size() < at_most; ++k)
    for (const ReportRow* row : order)
      if (k < row->witnesses.size() && chosen.size() < at_most)
        chosen.insert(row->witnesses[k].input);
  return chosen;
}

std::vector<FailingInput> from_record(const Run& run, size_t at_most, int64_t& kept) {
  const std::vector<ReportRow>& rows = run.validation->rows;
  std::map<int64_t, FailingInput> inputs;
  for (const int64_t index : chosen(rows, at_most, kept)) inputs[index].index = index;
  for (const ReportRow& row : rows) {
    if (row.answer) continue;  // the row of all inputs has it, too
    for (const axioms::Witness& witness : row.witnesses) {
      const auto found = inputs.find(witness.input);
      if (found == inputs.end()) continue;
      found->second.tokens = witness.tokens;
      found->second.rows.push_back({.node = row.node,
                                    .axiom = to_string(row.axiom),
                                    .name = row.name(),
                                    .failures = row.estimate.failures,
                                    .n = row.estimate.n,
                                    .network = witness.network,
                                    .interpretation = witness.interpretation,
                                    .sources = witness.sources});
    }
  }
  std::vector<FailingInput> list;
  for (auto& [index, input] : inputs)
    if (!input.rows.empty()) list.push_back(std::move(input));
  return list;
}

/// Without the network: the nodes at which a witness of PE tells both values.
void add_reported_steps(const Run& run, FailingInput& input) {
  const std::vector<axioms::ReportNode>& nodes = run.validation->nodes;
  for (size_t v = 0; v < nodes.size(); ++v)
    for (const FailingRow& row : input.rows)
      if (row.axiom == "PE" && row.node == nodes[v].name)
        input.steps.push_back({v, row.network, row.interpretation, false});
}

Tensor tokens_of(const std::vector<FailingInput>& inputs) {
  std::vector<Tensor> rows;
  for (const FailingInput& input : inputs)
    rows.push_back(torch::tensor(input.tokens, torch::kInt64));
  return at::stack(rows);
}

/// What a run decides, and by how much the answer `own` leads there: logits are [batch, 1, vocab].
struct Decided {
  Tensor decision, logits;  ///< int64 [batch]; of the answers, [batch, answers]
  double lead(int64_t row, int64_t own) const {
    if (own < 0) return 0;
    Tensor others = logits[row].clone();
    const double mine = others[own].item<double>();
    others[own] = -std::numeric_limits<double>::infinity();
    return mine - others.max().item<double>();
  }
};

Decided run_with(const axioms::Experiment& experiment, const Tensor& tokens,
                 interp::TraceRequest request) {
  request.record = {experiment.decision.site(experiment.network)};
  const Tensor logits = experiment.network.trace(tokens, request).front();
  const Tensor answers = torch::tensor(experiment.decision.answers, torch::kInt64);
  return {axioms::decide(experiment.decision, logits),
          logits.select(1, 0).index_select(1, answers).to(torch::kFloat64)};
}

void add_computed(const Run& run, std::vector<FailingInput>& inputs) {
  const axioms::Experiment experiment = run.subject->experiment();
  const Tensor tokens = tokens_of(inputs);
  const axioms::Observation seen = axioms::observe(experiment, tokens);
  const Decided own = run_with(experiment, tokens, {});
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    inputs[i].decision = own.decision[row].item<int64_t>();
    inputs[i].lead = own.lead(row, *inputs[i].decision);
  }
  for (size_t v = 0; v < experiment.program.steps.size(); ++v) {
    const circuits::Step& step = experiment.program.steps[v];
    const Tensor unequal = axioms::unequal(experiment, v, seen, seen.actual[v], seen.prefix[v]);
    interp::TraceRequest request;
    const circuits::Activations written = step.gamma(seen.prefix[v]);
    for (size_t s = 0; s < step.sites.size(); ++s)
      request.overwrite.push_back({step.sites[s], written.at(s)});
    const Decided replaced = run_with(experiment, tokens, request);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      inputs[i].steps.push_back({v, Json(circuits::value_as_json(seen.actual[v][row])),
                                 Json(circuits::value_as_json(seen.prefix[v][row])),
                                 !unequal[row].item<bool>()});
      inputs[i].put_in.push_back(
          {v, replaced.lead(row, *inputs[i].decision), replaced.decision[row].item<int64_t>()});
    }
  }
}

/// One head's pattern [pos, key] as shares between pieces: a piece looks from its last position but
/// brackets, which is where it is read, at all positions of another.
std::vector<std::vector<double>> by_piece(const Tensor& pattern,
                                          const std::vector<tasks::Wording::Piece>& pieces) {
  std::vector<std::vector<double>> shares;
  for (const auto& from : pieces) {
    const size_t last =
        from.positions.size() > 2 ? from.positions.size() - 2 : from.positions.size() - 1;
    std::vector<double> line;
    for (const auto& to : pieces) {
      double sum = 0;
      for (const int64_t key : to.positions)
        sum += pattern[from.positions[last]][key].item<double>();
      line.push_back(sum);
    }
    shares.push_back(std::move(line));
  }
  return shares;
}

void add_heads(const Run& run, std::vector<FailingInput>& inputs) {
  const interp::Network& network = *run.subject->model.model;
  interp::TraceRequest request;
  size_t heads = 0;
  for (const interp::Place& place : network.places().all) {
    if (place.by != interp::Primitive::Softmax) continue;
    request.record.push_back({.place = place.name});
    heads += place.size(interp::Axis::Head);
  }
  if (heads == 0 || heads > kHeadsMapped) return;
  const auto patterns = network.trace(tokens_of(inputs), request);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto pieces = tasks::pieces_of(*run.task, torch::tensor(inputs[i].tokens, torch::kInt64));
    if (pieces.size() > kPiecesMapped) continue;
    for (const auto& piece : pieces) inputs[i].pieces.push_back(piece.text);
    for (size_t layer = 0; layer < patterns.size(); ++layer)
      for (int64_t head = 0; head < patterns[layer].size(1); ++head)
        inputs[i].heads.push_back(
            {fmt::format("block {}, head {}", layer + 1, head + 1),
             by_piece(patterns[layer][static_cast<int64_t>(i)][head].to(torch::kCPU), pieces)});
  }
}

}  // namespace

FailingInputs failing_inputs(const Run& run, size_t at_most) {
  FailingInputs inputs;
  inputs.shown = from_record(run, at_most, inputs.kept);
  if (inputs.shown.empty()) return inputs;
  if (!run.subject) {
    for (FailingInput& input : inputs.shown) add_reported_steps(run, input);
    return inputs;
  }
  const at::NoGradGuard no_grad;
  add_computed(run, inputs.shown);
  add_heads(run, inputs.shown);
  return inputs;
}

}  // namespace assay::tools::page
