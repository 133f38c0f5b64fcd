#include "axioms/proofs/attack.h"

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <mutex>

#include "interp/execution/chunks.h"
#include "interp/network/transformer.h"
#include "interp/statistics/random.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using Clock = std::chrono::steady_clock;

constexpr int64_t kClimbs = 8;  // side by side
constexpr double kNever = -std::numeric_limits<double>::infinity();

// One climb: an input, and the slots that have been tried since it last got better.
struct Climb {
  Tensor choices;  // int64 [slots]
  double value = kNever;
  std::vector<int64_t> untried;  // free slots
};

class Attacking {
 public:
  Attacking(const Study& study, const Objective& objective, const AttackOptions& options)
      : study_(study), objective_(objective), options_(options), engine_(options.seed) {
    for (size_t s = 0; s < study.domain().slots.size(); ++s)
      if (study.domain().slots[s].alternatives.size() > 1) free_.push_back(s);
  }

  Attack operator()() {
    std::vector<Climb> climbs(kClimbs);
    while (!result_.found && !over()) step(climbs);
    if (result_.found) shrink();
    return result_;
  }

 private:
  bool over() const {
    const double passed = std::chrono::duration<double>(Clock::now() - start_).count();
    if (options_.on_progress) options_.on_progress(passed, result_.closest_value);
    return free_.empty() || passed > options_.seconds || (options_.stop && *options_.stop);
  }

  // In each climb another slot's alternatives, all at once; a climb that no slot improves begins
  // anew elsewhere.
  void step(std::vector<Climb>& climbs) {
    std::vector<Tensor> rows;
    std::vector<size_t> of;
    for (size_t i = 0; i < climbs.size(); ++i) {
      Climb& climb = climbs[i];
      if (climb.untried.empty()) begin(climb);
      const int64_t slot = climb.untried.back();
      climb.untried.pop_back();
      const auto n = std::ssize(study_.domain().slots[slot].alternatives);
      Tensor changed = climb.choices.unsqueeze(0).repeat({n, 1});
      changed.select(1, slot).copy_(at::arange(n));
      rows.push_back(changed);
      of.insert(of.end(), n, i);
    }
    const Tensor choices = at::cat(rows);
    const Tensor tokens = study_.domain().tokens_of(choices);
    const Tensor values = evaluate(tokens);
    std::vector<bool> better(climbs.size());
    for (size_t row = 0; row < of.size(); ++row) {
      Climb& climb = climbs[of[row]];
      const double value = values.data_ptr<double>()[row];
      if (value > climb.value) {
        climb.value = value;
        climb.choices = choices[static_cast<int64_t>(row)].clone();
        better[of[row]] = true;
      }
      note(tokens[static_cast<int64_t>(row)], value);
    }
    for (size_t i = 0; i < climbs.size(); ++i)
      if (better[i]) refill(climbs[i]);
  }

  void begin(Climb& climb) {
    ++result_.climbs;
    climb.value = kNever;
    climb.choices = at::zeros({std::ssize(study_.domain().slots)}, torch::kInt64);
    for (const int64_t slot : free_)
      climb.choices[slot] =
          statistics::draw_below(engine_, std::ssize(study_.domain().slots[slot].alternatives));
    refill(climb);
  }
  void refill(Climb& climb) {
    climb.untried = statistics::draw_from(engine_, free_, std::ssize(free_));
  }

  void note(const Tensor& tokens, double value) {
    if (result_.closest.defined() && value <= result_.closest_value) return;
    result_.closest = tokens.clone();
    result_.closest_value = value;
    if (value > 0) result_.found = result_.closest;
  }

  // What is no input of the task counts as never failing.
  Tensor evaluate(const Tensor& tokens) {
    result_.runs += tokens.size(0);
    Tensor values = at::empty({tokens.size(0)}, torch::kFloat64);
    interp::Chunks(tokens.size(0), interp::kInputsPerRun).for_each([&](const interp::Chunk& c) {
      const at::NoGradGuard no_grad;
      values.narrow(0, c.first, c.count).copy_(objective_(tokens.narrow(0, c.first, c.count)));
    });
    for (int64_t row = 0; row < tokens.size(0); ++row)
      if (!study_.is_input(tokens[row])) values[row] = kNever;
    return values;
  }

  void shrink() {
    if (!study_.knowledge.simpler) return;
    for (bool simpler = true; simpler;) {
      simpler = false;
      const Tensor candidates = study_.knowledge.simpler(*result_.found);
      if (candidates.size(0) == 0) return;
      std::vector<int64_t> held;
      for (int64_t row = 0; row < candidates.size(0); ++row)
        if (study_.domain().holds(candidates[row])) held.push_back(row);
      if (held.empty()) return;
      const Tensor tokens = candidates.index_select(0, torch::tensor(held));
      const Tensor values = evaluate(tokens);
      for (int64_t row = 0; row < tokens.size(0) && !simpler; ++row)
        if (values.data_ptr<double>()[row] > 0) {
          result_.found = tokens[row].clone();
          simpler = true;
        }
    }
  }

  const Study& study_;
  const Objective& objective_;
  const AttackOptions& options_;
  statistics::Engine engine_;
  std::vector<int64_t> free_;
  Attack result_ = {};
  Clock::time_point start_ = Clock::now();
};

}  // namespace

Attack attack(const Study& study, const Objective& objective, const AttackOptions& options) {
  return Attacking(study, objective, options)();
}

Attack attack_answer(const Study& study, const AttackOptions& options) {
  const Tensor named = torch::tensor(study.answers);
  return attack(
      study,
      [&](const Tensor& tokens) {
        const Tensor right = study.right(tokens).unsqueeze(1);
        const Tensor logits = interp::logits_at(study.network, tokens, study.domain().readout)
                                  .to(torch::kCPU)
                                  .to(torch::kFloat64);
        const Tensor others = logits.scatter(1, right, -std::numeric_limits<double>::infinity())
                                  .index_select(1, named);
        return std::get<0>(others.max(1)) - logits.gather(1, right).squeeze(1);
      },
      options);
}

}  // namespace assay::proofs
