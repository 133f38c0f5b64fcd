#include "interp/attribution/probes.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "interp/statistics/random.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

constexpr double kLargestEffect = 1 - 1e-6;  // artanh stays below 7.3

/// What a probe's seed is split into.
enum Stage : uint64_t { kStart, kMasks, kFill, kCheck };

Tensor random_start(int64_t n, uint64_t seed) {
  Tensor start = at::empty({n}, torch::kFloat64);
  for (int64_t i = 0; i < n; ++i) start.data_ptr<double>()[i] = statistics::uniform_at(seed, 0, i);
  return start;
}

void append(std::vector<Sequence>& rows, std::vector<Sequence>&& more) {
  rows.insert(rows.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
}

Tensor appended(const Tensor& rows, const Tensor& more) {
  return rows.defined() ? at::cat({rows, more}) : more;
}

}  // namespace

bool stops_early(const StopPolicy& policy) {
  return policy.top_k > 0 || policy.standard_error > 0;
}

Probes::Probes(const Problem& problem, const ReagentConfig& config)
    : problem_(problem),
      config_(config),
      eligible_(eligible_features(problem.input, *problem.replacer)),
      original_(problem.scorer.score(problem.input.tokens)) {
  const auto n = static_cast<int64_t>(eligible_.size());
  for (int64_t i = 0; i < config.probes; ++i) {
    const uint64_t seed = statistics::seed_at(problem.seed, i, 0);
    probes_.push_back({.seed = seed,
                       .logits = random_start(n, statistics::seed_at(seed, kStart, 0)),
                       .rows = {}});
  }
}

void Probes::run() {
  const int64_t steps = config_.max_steps;
  const int64_t block = stops_early(config_.stop) ? config_.stop.check_every : steps;
  for (int64_t step = 0; step < steps && !active().empty(); step += block) {
    advance(step, std::min(block, steps - step));
    if (step + block < config_.stop.min_steps) continue;
    if (config_.stop.top_k > 0) check();
    if (config_.stop.standard_error > 0 && precise())
      for (Probe* probe : active()) probe->stopped = true;
  }
}

std::vector<Probes::Probe*> Probes::active() {
  std::vector<Probe*> active;
  for (Probe& probe : probes_)
    if (!probe.stopped) active.push_back(&probe);
  return active;
}

/// Where the tokens of masked features stand. @param masks  bool [rows, eligible].
Tensor Probes::positions(const Tensor& masks) const {
  const Tensor features = at::zeros({masks.size(0), problem_.input.size()}, torch::kBool)
                              .index_copy(1, torch::tensor(eligible_, torch::kInt64), masks);
  return positions_of(problem_.input, features);
}

void Probes::advance(int64_t first_step, int64_t steps) {
  const Sequence& tokens = problem_.input.tokens;
  const auto n = static_cast<int64_t>(eligible_.size());
  const std::vector<Probe*> probes = active();
  std::vector<Sequence> rows;
  std::vector<Tensor> masks;
  for (const Probe* probe : probes) {
    masks.push_back(draw_masks(config_.masks, n, statistics::seed_at(probe->seed, kMasks, 0),
                               first_step, steps));
    const Tensor replaced = positions(masks.back());
    const Tensor drawn = problem_.replacer->draw(
        tokens, replaced, statistics::seed_at(probe->seed, kFill, 0), first_step);
    count(counts_, tokens, replaced, drawn);
    append(rows, sequences_of(drawn));
  }
  const Tensor effects = (original_ - problem_.scorer(rows)).reshape({-1, steps});
  for (size_t i = 0; i < probes.size(); ++i)
    move(*probes[i], masks[i], effects[static_cast<int64_t>(i)]);
}

void Probes::move(Probe& probe, const Tensor& masks, const Tensor& effects) {
  Tensor step = 2 * effects;
  if (problem_.target.kind == TargetKind::Probability) {
    clamped_ += effects.abs().gt(kLargestEffect).sum().item<int64_t>();
    step = 2 * at::atanh(effects.clamp(-kLargestEffect, kLargestEffect));
  }
  const Tensor signs = 2 * masks.to(torch::kFloat64) - 1;
  probe.logits = probe.logits + (signs * step.unsqueeze(1)).sum(0);
  probe.rows = {appended(probe.rows.masks, masks), appended(probe.rows.effects, effects)};
  probe.steps += masks.size(0);
}

/// bool [draws, eligible].
Tensor Probes::all_but_the_best(const Probe& probe) const {
  const StopPolicy& stop = config_.stop;
  const auto n = static_cast<double>(eligible_.size());
  const double keep =
      stop.keep > 0 ? static_cast<double>(stop.keep) : std::ceil(stop.keep_share * n);
  const Tensor best = std::get<1>(at::topk(probe.logits, static_cast<int64_t>(std::min(keep, n))));
  return at::ones({static_cast<int64_t>(n)}, torch::kBool)
      .index_fill(0, best, false)
      .repeat({stop.draws, 1});
}

void Probes::check() {
  std::vector<Sequence> rows;
  const std::vector<Probe*> probes = active();
  for (const Probe* probe : probes)
    append(rows,
           sequences_of(problem_.replacer->draw(
               problem_.input.tokens, positions(all_but_the_best(*probe)),
               statistics::seed_at(probe->seed, kCheck, 0), probe->steps * config_.stop.draws)));
  const Tensor logits = problem_.logits(rows);
  if (logits.dim() != 2)
    throw std::invalid_argument(
        "reagent: the stop rule ranks the target among all logits, which "
        "this problem does not give");
  const Target rank{.kind = TargetKind::Rank, .token = problem_.target.token};
  const Tensor hit =
      evaluate(rank, logits).lt(config_.stop.top_k).reshape({-1, config_.stop.draws}).all(1);
  for (size_t i = 0; i < probes.size(); ++i) {
    probes[i]->hits = hit[static_cast<int64_t>(i)].item<bool>() ? probes[i]->hits + 1 : 0;
    probes[i]->stopped = probes[i]->hits >= config_.stop.consecutive;
  }
}

bool Probes::precise() const {
  return marginal().standard_error.le(config_.stop.standard_error).all().item<bool>();
}

Tensor Probes::raw() const {
  std::vector<Tensor> scores;
  const bool all = converged() == 0;
  for (const Probe& probe : probes_)
    if (all || probe.stopped) scores.push_back(at::softmax(probe.logits, 0));
  return at::stack(scores).mean(0);
}

MarginalEffects Probes::marginal() const {
  std::vector<MaskedRows> runs;
  for (const Probe& probe : probes_) runs.push_back(probe.rows);
  return marginal_effects(config_.masks, runs);
}

std::vector<int64_t> Probes::steps() const {
  std::vector<int64_t> steps;
  for (const Probe& probe : probes_) steps.push_back(probe.steps);
  return steps;
}

int64_t Probes::converged() const {
  return std::ranges::count(probes_, true, &Probe::stopped);
}

}  // namespace assay::interp::attribution
