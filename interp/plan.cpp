#include "interp/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

namespace assay::interp {

Positions positions_up_to(int64_t n) {
  Positions all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// The backward walk. `wanted` grows as readers are met; a place is settled when the walk reaches
// it, since everything that reads it comes later in the order of computation.
struct Plan::Builder {
  const TransformerConfig& config;
  int64_t n_pos;
  std::map<Place, std::set<int64_t>> wanted;   // recorded, or read by a settled place
  std::map<Place, std::set<int64_t>> covered;  // overwritten in all parts
  std::set<Place> overwritten;                 // overwritten anywhere, perhaps in part
  std::set<Place> recorded;

  Positions of(const Site& site) const {
    if (site.positions.empty()) return positions_up_to(n_pos);
    if (site.positions.back() >= n_pos)
      throw std::invalid_argument(
          fmt::format("site '{}': position {} is outside the {} tokens given", to_string(site),
                      site.positions.back(), n_pos));
    return site.positions;
  }

  bool visible(Hook hook, int64_t layer) const {
    return overwritten.contains({hook, layer}) || recorded.contains({hook, layer});
  }

  void want(const Place& place, const Positions& positions) {
    wanted[place].insert(positions.begin(), positions.end());
  }

  bool wanted_at_all(const Place& place, int64_t n) const {
    const auto found = wanted.find(place);
    return found != wanted.end() && static_cast<int64_t>(found->second.size()) >= n;
  }

  // Attention to `n_keys` positions from `n_queries`: is it cheaper to keep W_K (or W_V) on the
  // query side, and the preceding W_out too?
  Reads cheapest_reads(Hook keys_or_values, int64_t layer, int64_t n_queries,
                       int64_t n_keys) const {
    const int64_t d_head = config.d_head[layer];
    if (visible(keys_or_values, layer) || n_queries * (d_head + n_keys) >= n_keys * d_head)
      return Reads::Formed;
    const bool through = layer > 0 && config.norm == Norm::None &&
                         2 * n_queries * config.n_heads[layer] < config.d_model &&
                         !overwritten.contains({Hook::ResidPre, layer}) &&
                         !overwritten.contains({Hook::ResidPost, layer - 1}) &&
                         !overwritten.contains({Hook::MlpOut, layer - 1}) &&
                         !wanted_at_all({Hook::ResidPre, layer}, n_keys) &&
                         !wanted_at_all({Hook::ResidPost, layer - 1}, n_keys) &&
                         !wanted_at_all({Hook::MlpOut, layer - 1}, n_keys);
    return through ? Reads::ThroughMlp : Reads::Absorbed;
  }

  void want_attended(const Step& step, Hook keys_or_values) {
    const int64_t layer = step.place.layer;
    const Positions keys = positions_up_to(step.n_keys);
    if (step.reads == Reads::Formed) {
      want({keys_or_values, layer}, keys);
    } else if (step.reads == Reads::Absorbed) {
      want({config.norm == Norm::None ? Hook::ResidPre : Hook::Ln1, layer}, keys);
    } else {
      want({Hook::ResidMid, layer - 1}, keys);
      want({Hook::MlpPost, layer - 1}, keys);
    }
  }

  // A single head of block 1 sees few distinct (token, position) pairs: a table over pairs of them
  // gives its scores (W_Q W_Kᵀ), and a table over them what it writes (W_V W_O).
  bool may_fold(const Place& place, Hook first, Hook second) const {
    return place.layer == 0 && config.n_heads[0] == 1 && !visible(first, 0) &&
           !visible(second, 0) && !overwritten.contains({Hook::ResidPre, 0}) &&
           !overwritten.contains({Hook::Ln1, 0}) && !overwritten.contains({Hook::Embed, 0}) &&
           !overwritten.contains({Hook::PosEmbed, 0});
  }

  void fold(Step& step) {
    step.folded = true;
    const Hook input = config.norm == Norm::None ? Hook::ResidPre : Hook::Ln1;
    want({input, 0}, positions_up_to(step.n_keys));
  }

  void want_inputs(Step& step) {
    const auto& [hook, layer] = step.place;
    if (step.computed.empty()) return;
    step.n_keys = config.causal ? step.computed.back() + 1 : n_pos;
    const auto n_queries = static_cast<int64_t>(step.computed.size());
    if (hook == Hook::AttnScores && n_queries > 1 && may_fold(step.place, Hook::Q, Hook::K)) {
      fold(step);
    } else if (hook == Hook::AttnOut && n_queries > 1 && may_fold(step.place, Hook::V, Hook::Z)) {
      want({Hook::Pattern, layer}, step.computed);
      fold(step);
    } else if (hook == Hook::AttnScores || hook == Hook::Z) {
      const Hook attended = hook == Hook::Z ? Hook::V : Hook::K;
      want({hook == Hook::Z ? Hook::Pattern : Hook::Q, layer}, step.computed);
      step.reads = cheapest_reads(attended, layer, n_queries, step.n_keys);
      want_attended(step, attended);
    } else if (step.place == Place{Hook::ResidPre, 0} && !visible(Hook::Embed, 0) &&
               !visible(Hook::PosEmbed, 0)) {
      step.folded = true;
    } else {
      for (const Dependency& input : dependencies(step.place, config))
        want(input.from, step.computed);
    }
  }

  Step settle(const Place& place) {
    Step step{.place = place, .present = {}, .computed = {}};
    const auto& positions = wanted[place];
    step.present.assign(positions.begin(), positions.end());
    std::ranges::set_difference(positions, covered[place], std::back_inserter(step.computed));
    want_inputs(step);
    return step;
  }
};

Plan::Plan(const TransformerConfig& config, const std::vector<Site>& record,
           const std::vector<Site>& overwrite, int64_t n_pos)
    : config_(config) {
  Builder builder{config, n_pos, {}, {}, {}, {}};
  for (const Site& site : record) {
    builder.want(site.place, builder.of(site));
    builder.recorded.insert(site.place);
  }
  std::map<std::pair<Place, int64_t>, std::set<int64_t>> parts;  // heads or neurons at a position
  for (const Site& site : overwrite) {
    builder.overwritten.insert(site.place);
    const Positions positions = builder.of(site);
    if (!site.head && site.neurons.empty())
      builder.covered[site.place].insert(positions.begin(), positions.end());
    for (const int64_t position : positions) {
      if (site.head) parts[{site.place, position}].insert(*site.head);
      if (!site.neurons.empty())
        parts[{site.place, position}].insert(site.neurons.begin(), site.neurons.end());
    }
  }
  for (const auto& [where, overwritten] : parts) {
    const auto& [place, position] = where;
    const int64_t all = has_heads(place.hook) ? config.n_heads[place.layer] : config.d_mlp;
    if (static_cast<int64_t>(overwritten.size()) == all) builder.covered[place].insert(position);
  }
  const auto order = places(config);
  for (auto place = order.rbegin(); place != order.rend(); ++place) {
    Step step = builder.settle(*place);
    if (!step.present.empty()) steps_.push_back(std::move(step));
  }
  std::ranges::reverse(steps_);
}

const Step* Plan::find(const Place& place) const {
  const auto found = std::ranges::find(steps_, place, &Step::place);
  return found == steps_.end() ? nullptr : &*found;
}

bool Plan::needs_tokens() const {
  const Step* embed = find({Hook::Embed, 0});
  const Step* stream = find({Hook::ResidPre, 0});
  return (embed && !embed->computed.empty()) ||
         (stream && stream->folded && !stream->computed.empty());
}

double Plan::multiply_adds() const {
  double sum = 0;
  for (const Step& step : steps_) {
    const auto at = static_cast<double>(step.computed.size());
    if (at == 0) continue;
    const auto& [hook, layer] = step.place;
    const double d = config_.d_model, d_mlp = config_.d_mlp;
    const double heads = config_.n_heads[layer], d_head = config_.d_head[layer];
    const auto keys = static_cast<double>(step.n_keys);
    // What one query pays per key, and for moving W_K or W_V (and W_out) to its side.
    const auto attend = [&] {
      if (step.folded) return keys * 2 * d * d_head + at * keys * d_head;
      if (step.reads == Reads::Formed) return at * heads * keys * d_head;
      const double absorbed = at * heads * d * (keys + d_head);
      return step.reads == Reads::Absorbed ? absorbed : absorbed + at * heads * d_mlp * (keys + d);
    };
    switch (hook) {
      case Hook::Q:
      case Hook::K:
      case Hook::V:
        sum += at * heads * d * d_head;
        break;
      case Hook::AttnScores:
      case Hook::Z:
        sum += attend();
        break;
      case Hook::AttnOut:
        sum += step.folded ? keys * 2 * d * d_head + at * keys * d : at * heads * d_head * d;
        break;
      case Hook::MlpPre:
      case Hook::MlpOut:
        sum += at * d * d_mlp;
        break;
      case Hook::Logits:
        sum += at * d * config_.d_vocab;
        break;
      default:
        break;
    }
  }
  return sum;
}

}  // namespace assay::interp
