#include "axioms/proofs/nearest_prototype.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <set>

#include "axioms/proofs/case_prover.h"
#include "axioms/proofs/kept_cases.h"
#include "circuits/interpretation/operations.h"
#include "interp/execution/parallel.h"
#include "interp/network/places.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using nlohmann::ordered_json;

ordered_json to_json(const Case& of) {
  ordered_json worst = nullptr;
  if (of.worst.defined())
    worst = std::vector<int64_t>(of.worst.data_ptr<int64_t>(),
                                 of.worst.data_ptr<int64_t>() + of.worst.numel());
  return {{"position", of.position},          {"slot", of.slot},   {"alternative", of.alternative},
          {"verdict", to_string(of.verdict)}, {"right", of.right}, {"margin", of.margin},
          {"worst", std::move(worst)}};
}

// Lower bounds on what each head adds: to each neuron, to each in the opposite direction, and to
// the margin to each prototype. Float64 [case, head, 2 d_mlp + prototypes]; zeros for cases that
// are refuted without them.
Tensor bounds_of(const std::vector<Case>& cases) {
  std::vector<Tensor> all;
  Tensor none;
  for (const Case& of : cases) {
    all.emplace_back();
    if (!of.neurons.defined() || !of.margins.defined()) continue;
    all.back() = at::cat({of.neurons.select(1, 0), -of.neurons.select(1, 1), of.margins}, 1);
    none = at::zeros_like(all.back());
  }
  if (!none.defined()) return {};
  for (Tensor& of : all)
    if (!of.defined()) of = none;
  return at::stack(all);
}

int64_t alternatives_at(const Domain& domain, int64_t position) {
  return std::ssize(domain.slots[domain.slot_at(position)].alternatives);
}

}  // namespace

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::Proved:
      return "proved";
    case Verdict::Refuted:
      return "refuted";
    case Verdict::Open:
      break;
  }
  return "open";
}

PrototypeReading prototype_reading(const circuits::Node& node) {
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds) throw Untreated(fmt::format("node {}: {}", node.name, what));
  };
  require(node.alpha.name == "nearest_prototype",
          fmt::format("what '{}' reads is not treated, only nearest_prototype", node.alpha.name));
  require(
      node.h.name == "tokens_at" && node.parents == std::vector<std::string>{circuits::kTokens},
      fmt::format("what '{}' computes is not treated, only tokens_at of the tokens", node.h.name));
  require(node.equality.name == "equal" || node.equality.name == "equal_up_to_order",
          fmt::format("the equality '{}' is not treated", node.equality.name));
  require(node.reads.size() == 1 && node.reads[0].place == interp::hook::resid_post(0) &&
              !node.reads[0].positions.empty(),
          "only positions of " + interp::hook::resid_post(0) + " are treated");
  PrototypeReading reading{
      .node = node.name,
      .labels = circuits::tensor_of(node.alpha, "labels", {-1, -1}),
      .up_to_order = node.equality.name == "equal_up_to_order",
      .positions = node.reads[0].positions,
      .tokens_at = circuits::parameter<std::vector<std::vector<int64_t>>>(node.h, "positions")};
  const Tensor prototypes =
      circuits::tensor_of(node.alpha, "prototypes", {reading.labels.size(0), -1})
          .to(torch::kFloat64);
  const Tensor norms = prototypes.norm(2, {1}, true);
  require(norms.min().item<double>() > 0, "a prototype is zero");
  reading.units = (prototypes / norms).contiguous();
  require(reading.tokens_at.size() == reading.positions.size() &&
              std::ranges::all_of(
                  reading.tokens_at,
                  [&](const auto& group) { return std::ssize(group) == reading.labels.size(1); }),
          "h and alpha give values of different shapes");
  return reading;
}

// What is largest: the tables of keys in the directions of neurons and prototypes, and the bounds
// of every case, which are held a second time as hints.
double bytes_for_cases(const Weights& weights, const Domain& domain,
                       const PrototypeReading& reading, int threads) {
  const BlockWeights& b = weights.blocks.front();
  const auto d_model = static_cast<double>(b.W_in.size(0)),
             d_mlp = static_cast<double>(b.W_in.size(1)),
             d_head = static_cast<double>(b.W_Q.size(2)), heads = static_cast<double>(b.heads()),
             prototypes = static_cast<double>(reading.labels.size(0));
  double keys = 0, cases = 0;
  for (const Slot& slot : domain.slots)
    for (size_t i = 0; i < slot.positions.size(); ++i) {
      std::set<int64_t> tokens;
      for (const auto& alternative : slot.alternatives) tokens.insert(alternative[i]);
      keys += static_cast<double>(tokens.size());
    }
  for (const int64_t position : reading.positions)
    cases += static_cast<double>(alternatives_at(domain, position));
  const double tables = keys * (d_model + heads * (6 * d_head + 3 * d_mlp + 2 * prototypes));
  const double bounds = 2 * cases * heads * (2 * d_mlp + prototypes);
  const double at_work = threads * prototypes * (3 * keys + 2 * d_mlp);
  return sizeof(double) * (tables + bounds + at_work);
}

std::vector<Case> prove_cases(const Weights& weights, const Domain& domain,
                              const PrototypeReading& reading,
                              const std::function<void(int64_t done, int64_t of)>& on_progress,
                              const std::atomic<bool>* stop, const Kept& kept) {
  const CaseProver prover(weights, domain, reading);
  const auto n = static_cast<int64_t>(reading.positions.size());
  const std::vector<ordered_json> begun = kept.begun(kNode, reading.node, n);
  std::vector<std::vector<Case>> at_position(n);
  int64_t done = 0, all = 0;
  for (int64_t i = 0; i < n; ++i) {
    all += alternatives_at(domain, reading.positions[i]);
    if (begun[i].is_null()) continue;
    at_position[i] = cases_from_kept(begun[i], prover, i, kept.place_of(i));
    done += std::ssize(at_position[i]);
  }
  std::mutex mutex;
  const auto on_case = [&] {
    const std::lock_guard lock(mutex);
    ++done;
    if (on_progress) on_progress(done, all);
  };
  interp::parallel_for(n, [&](int64_t index) {
    const int64_t i = n - 1 - index;  // late positions see most slots and take longest
    if (!begun[i].is_null()) return;
    at_position[i] = prover.at_position(i, on_case, stop);
    const bool whole = !stop || !*stop;
    if (kept.add && whole) kept.add(i, kept_cases(at_position[i]));
  });
  std::vector<Case> cases;
  for (auto& some : at_position)
    cases.insert(cases.end(), std::make_move_iterator(some.begin()),
                 std::make_move_iterator(some.end()));
  return cases;
}

Statement statement_of(const PrototypeReading& reading, const std::vector<Case>& cases) {
  Statement statement{.statement = kNode, .node = reading.node};
  std::array<int64_t, 3> count{};
  const Case* least = nullptr;
  ordered_json list = ordered_json::array();
  for (const Case& of : cases) {
    ++count[static_cast<size_t>(of.verdict)];
    list.push_back(to_json(of));
    if (of.verdict == Verdict::Refuted && !statement.witness) statement.witness = of.worst;
    if (of.verdict == Verdict::Proved && (!least || of.margin < least->margin)) least = &of;
  }
  const auto [proved, refuted, open] = count;
  statement.verdict = refuted > 0 ? Verdict::Refuted : open > 0 ? Verdict::Open : Verdict::Proved;
  statement.words =
      fmt::format("{} of {} cases (position read, alternative of its slot)", proved, cases.size());
  if (refuted > 0) statement.words += fmt::format(", {} refuted", refuted);
  if (open > 0) statement.words += fmt::format(", {} open", open);
  if (least)
    statement.words +=
        fmt::format(", least margin {:.6f} at position {}", least->margin, least->position);
  if (statement.verdict == Verdict::Proved) {
    if (least) statement.margin = least->margin;
    double error = 0, left = std::numeric_limits<double>::infinity();
    for (const Case& of : cases)
      error = std::max(error, of.float32_error), left = std::min(left, of.float32_margin);
    statement.float32 = {
        .error = error,
        .shown = left > 0,
        .words = fmt::format(
            "margins move by at most {:.4f} in any order of sums, with keys and "
            "values formed, absorbed or folded; {}",
            error,
            left > 0 ? fmt::format("at least {:.4f} is left", left) : "not shown in float32")};
  }
  statement.proof = {{"kind", "fractional"}, {"cases", std::move(list)}};
  if (Tensor bounds = bounds_of(cases); bounds.defined())
    statement.hints[reading.node + ".bounds"] = std::move(bounds);
  return statement;
}

}  // namespace assay::proofs
