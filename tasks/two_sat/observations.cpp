#include "tasks/two_sat/observations.h"

#include <torch/types.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

#include "interp/execution/chunks.h"
#include "interp/files/files.h"
#include "interp/network/network.h"
#include "sat2/masks.h"

namespace assay::tasks::two_sat {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using interp::Site;

Tensor decisions(const Tensor& logits, const Tokens& tokens) {
  return logits.select(1, tokens.sat()).gt(logits.select(1, tokens.unsat())).to(torch::kInt64);
}

/// What block 1 writes at the second literals of the first `absent` clauses, where nothing but
/// padding stands so far, on average: [1, d_model].
Tensor padding_stream(const interp::Transformer& model, const Tokens& tokens, int64_t n_ctx,
                      int64_t absent) {
  Site stream{.place = hook::resid_post(0)};
  for (int64_t clause = 0; clause < absent; ++clause)
    stream.positions.push_back(right_literal(clause));
  const Tensor padding = at::full({1, n_ctx}, tokens.padding(), torch::kInt64);
  return model.trace(padding.to(model.device()), {.record = {stream}, .overwrite = {}})[0]
      .mean(1)
      .cpu();
}

void index_tables(Observations& observed, const std::vector<uint64_t>& tables) {
  observed.truth_tables = tables;
  std::ranges::sort(observed.truth_tables);
  const auto duplicates = std::ranges::unique(observed.truth_tables);
  observed.truth_tables.erase(duplicates.begin(), duplicates.end());
  for (const uint64_t table : tables)
    observed.table_of.push_back(static_cast<int32_t>(
        std::ranges::lower_bound(observed.truth_tables, table) - observed.truth_tables.begin()));
}

}  // namespace

int64_t formulas_of(const Task& task, const DeriveConfig& config) {
  return config.inputs.value_or(task.need<Interpretations>().inputs(config.part));
}

int64_t min_clauses(const Task& task) {
  const Settings settings = task.settings();
  return settings.at(settings.contains("min_clauses") ? "min_clauses" : "clauses");
}

Observations observe(const Task& task, const interp::Transformer& model,
                     const DeriveConfig& config) {
  const Tokens tokens{task.settings().at("variables")};
  const int64_t readout = task.readout(), n = formulas_of(task, config);
  const interp::Chunks chunks(n, model.inputs_per_run());
  const interp::TraceRequest request{
      .record = {Site{.place = hook::resid_post(0)},
                 Site{.place = hook::resid_mid(1), .positions = {readout}},
                 Site{.place = hook::mlp_post(1), .positions = {readout}},
                 Site{.place = hook::logits(), .positions = {readout}},
                 Site{.place = hook::attn_out(1), .positions = {readout}}},
      .overwrite = {}};
  const auto inputs = task.inputs(config.part, config.seed);

  Observations observed;
  observed.hidden = at::empty({n, model.config().d_mlp});
  observed.answers = at::empty({n}, torch::kInt64);
  std::vector<uint64_t> tables(n);
  std::vector<Tensor> streams(chunks.count()), mids(chunks.count()), attn_outs(chunks.count());
  std::vector<std::string> bytes(chunks.count());
  std::atomic<int64_t> done = 0;
  std::mutex mutex;
  chunks.for_each([&](const interp::Chunk& chunk) {
    const at::NoGradGuard no_grad;
    const auto [i, first, size] = chunk;
    const Tensor batch = inputs(first, size).tokens;
    const auto recorded = model.trace(batch.to(model.device()), request);
    streams[i] = recorded[0].sum(0, false, torch::kFloat64).cpu();
    mids[i] = recorded[1].select(1, 0).sum(0, false, torch::kFloat64).cpu();
    attn_outs[i] = recorded[4].select(1, 0).sum(0, false, torch::kFloat64).cpu();
    observed.hidden.narrow(0, first, size).copy_(recorded[2].select(1, 0));
    observed.answers.narrow(0, first, size).copy_(decisions(recorded[3].select(1, 0), tokens));
    for (int64_t k = 0; k < size; ++k)
      tables[first + k] = sat2::satisfying(formula_of(batch[k], tokens.variables));
    const Tensor as_bytes = batch.to(torch::kUInt8).contiguous();
    bytes[i].assign(reinterpret_cast<const char*>(as_bytes.data_ptr<uint8_t>()), as_bytes.numel());
    done += size;
    if (!config.on_progress) return;
    const std::lock_guard lock(mutex);
    config.on_progress(done, n);
  });
  const auto mean = [n](const std::vector<Tensor>& sums) {
    Tensor total = sums.front().clone();
    for (size_t i = 1; i < sums.size(); ++i) total += sums[i];
    return (total / static_cast<double>(n)).to(torch::kFloat32);
  };
  observed.mean_stream = mean(streams);
  observed.mean_mid = mean(mids);
  observed.mean_attn_out = mean(attn_outs);
  observed.mean_hidden = observed.hidden.mean(0, false, torch::kFloat64).to(torch::kFloat32);
  std::string all;
  for (const std::string& part : bytes) all += part;
  observed.sha256 = interp::sha256(all);
  index_tables(observed, tables);
  return observed;
}

Prototypes prototypes(const interp::Transformer& model, const Tokens& tokens, int64_t clauses,
                      int64_t absent) {
  const at::NoGradGuard no_grad;
  std::vector<int64_t> pairs;
  for (int64_t left = 0; left < tokens.n_literals(); ++left)
    for (int64_t right = 0; right < tokens.n_literals(); ++right)
      pairs.insert(pairs.end(), {left, right});
  const Tensor labels = torch::tensor(pairs, torch::kInt64).view({-1, 2});
  const int64_t n = labels.size(0), n_ctx = two_sat::n_ctx(clauses);
  Tensor sum;
  for (int64_t clause = 0; clause < clauses; ++clause) {
    const int64_t left = left_literal(clause), right = right_literal(clause);
    Tensor inputs = at::full({n, n_ctx}, tokens.padding(), torch::kInt64);
    inputs.select(1, left).copy_(labels.select(1, 0));
    inputs.select(1, right).copy_(labels.select(1, 1));
    inputs = inputs.to(model.device());
    // The pattern at the second literal, as if the two literals were the whole sequence.
    const Site scores{.place = hook::attn_scores(0), .positions = {right}};
    const Tensor all = model.trace(inputs, {.record = {scores}, .overwrite = {}})[0];
    Tensor alone = at::full_like(all, -std::numeric_limits<double>::infinity());
    for (const int64_t key : {left, right}) alone.select(3, key).copy_(all.select(3, key));
    const Site pattern{.place = hook::pattern(0), .positions = {right}};
    const Site stream{.place = hook::resid_post(0), .positions = {right}};
    const Tensor vectors = model
                               .trace(inputs, {.record = {stream},
                                               .overwrite = {{pattern, at::softmax(alone, -1)}}})[0]
                               .select(1, 0);
    sum = sum.defined() ? sum + vectors : vectors;
  }
  const Prototypes present = {.labels = labels,
                              .vectors = (sum / static_cast<double>(clauses)).cpu()};
  if (absent == 0) return present;
  return {.labels = at::cat({present.labels, at::full({1, 2}, tokens.padding(), torch::kInt64)}),
          .vectors = at::cat({present.vectors, padding_stream(model, tokens, n_ctx, absent)})};
}

Tensor sat_coefficients(const interp::Transformer& model, const Tokens& tokens) {
  const at::NoGradGuard no_grad;
  const Tensor direction =
      (model.W_U().select(1, tokens.sat()) - model.W_U().select(1, tokens.unsat())) / 2;
  return at::matmul(model.weight("blocks.1.mlp.W_out"), direction).cpu();
}

double resting_difference(const interp::Transformer& model, const Tokens& tokens,
                          const Observations& observed, const std::vector<int64_t>& neurons) {
  const at::NoGradGuard no_grad;
  Tensor hidden = observed.mean_hidden.clone();
  hidden.index_fill_(0, torch::tensor(neurons, torch::kInt64), 0);
  const int64_t readout = observed.mean_stream.size(0) - 1;
  const auto at_readout = [&](std::string place) {
    return Site{.place = std::move(place), .positions = {readout}};
  };
  const Tensor logits =
      model
          .trace({}, {.record = {at_readout(hook::logits())},
                      .overwrite = {{at_readout(hook::resid_mid(1)),
                                     observed.mean_mid.view({1, 1, -1}).to(model.device())},
                                    {at_readout(hook::mlp_post(1)),
                                     hidden.view({1, 1, -1}).to(model.device())}}})[0]
          .flatten();
  return (logits[tokens.sat()] - logits[tokens.unsat()]).item<double>() / 2;
}

std::vector<TableRow> summarise(const Observations& observed, int64_t neuron, double threshold) {
  std::vector<TableRow> rows;
  for (const uint64_t table : observed.truth_tables) rows.push_back({.truth_table = table});
  const Tensor column = observed.hidden.select(1, neuron).contiguous();
  const float* activation = column.data_ptr<float>();
  for (size_t i = 0; i < observed.table_of.size(); ++i) {
    TableRow& row = rows[observed.table_of[i]];
    row.count += 1;
    row.on += activation[i] >= threshold;
  }
  return rows;
}

}  // namespace assay::tasks::two_sat
