#pragma once
// The plan as it was written for one architecture, hook by hook, before networks were described as
// data: kept as a witness that plans made from the description take the same steps.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "interp/network/config.h"
#include "interp/tracing/plan.h"

namespace assay::interp::by_hooks {

enum class Hook {
  Embed,
  PosEmbed,  // [batch, pos, d_model]
  ResidPre,
  Ln1,  // [batch, pos, d_model]
  Q,
  K,
  V,  // [batch, pos, head, d_head]
  AttnScores,
  Pattern,  // [batch, head, pos, key]
  Z,        // [batch, pos, head, d_head]
  AttnOut,
  ResidMid,
  Ln2,  // [batch, pos, d_model]
  MlpPre,
  MlpPost,  // [batch, pos, d_mlp]
  MlpOut,
  ResidPost,
  LnFinal,  // [batch, pos, d_model]
  Logits,   // [batch, pos, vocab]
};

/// A hook point of one block; `layer` is 0 for the hooks that belong to no block.
struct Place {
  Hook hook = Hook::Logits;
  int64_t layer = 0;
  auto operator<=>(const Place&) const = default;
};

/// One arrow of the computation: a value at position p is computed from `from` at p, or, inside
/// attention, from `from` at every position up to p (at every one without a causal mask).
struct Dependency {
  Place from;
  bool earlier_positions = false;
};
struct HookName {
  Hook hook;
  bool in_block;
  std::string_view name;
};
// In the order of computation within a block.
constexpr std::array<HookName, 19> kHooks{{
    {Hook::Embed, false, "hook_embed"},
    {Hook::PosEmbed, false, "hook_pos_embed"},
    {Hook::ResidPre, true, "hook_resid_pre"},
    {Hook::Ln1, true, "ln1.hook_normalized"},
    {Hook::Q, true, "attn.hook_q"},
    {Hook::K, true, "attn.hook_k"},
    {Hook::V, true, "attn.hook_v"},
    {Hook::AttnScores, true, "attn.hook_attn_scores"},
    {Hook::Pattern, true, "attn.hook_pattern"},
    {Hook::Z, true, "attn.hook_z"},
    {Hook::AttnOut, true, "hook_attn_out"},
    {Hook::ResidMid, true, "hook_resid_mid"},
    {Hook::Ln2, true, "ln2.hook_normalized"},
    {Hook::MlpPre, true, "mlp.hook_pre"},
    {Hook::MlpPost, true, "mlp.hook_post"},
    {Hook::MlpOut, true, "hook_mlp_out"},
    {Hook::ResidPost, true, "hook_resid_post"},
    {Hook::LnFinal, false, "ln_final.hook_normalized"},
    {Hook::Logits, false, "logits"},
}};

inline const HookName& entry(Hook hook) {
  return *std::ranges::find(kHooks, hook, &HookName::hook);
}

inline bool is_norm(Hook hook) {
  return hook == Hook::Ln1 || hook == Hook::Ln2 || hook == Hook::LnFinal;
}

inline bool has_heads(Hook hook) {
  return hook >= Hook::Q && hook <= Hook::Z;
}

inline std::string to_string(const Place& place) {
  const HookName& hook = entry(place.hook);
  return hook.in_block ? fmt::format("blocks.{}.{}", place.layer, hook.name)
                       : std::string(hook.name);
}

inline std::vector<Place> places(const TransformerConfig& config) {
  std::vector<Place> all;
  const auto add = [&](bool in_block, int64_t layer, bool after_blocks) {
    for (const HookName& hook : kHooks) {
      const bool last = hook.hook >= Hook::LnFinal;
      if (hook.in_block != in_block || (!in_block && last != after_blocks)) continue;
      if (config.norm == Norm::None && is_norm(hook.hook)) continue;
      all.push_back({hook.hook, layer});
    }
  };
  add(false, 0, false);
  for (int64_t layer = 0; layer < config.n_layers(); ++layer) add(true, layer, false);
  add(false, 0, true);
  return all;
}

inline std::vector<Dependency> dependencies(const Place& place, const TransformerConfig& config) {
  const int64_t layer = place.layer;
  const bool norm = config.norm == Norm::Pre;
  const auto here = [&](Hook hook) { return Dependency{{hook, layer}, false}; };
  const auto earlier = [&](Hook hook) { return Dependency{{hook, layer}, true}; };
  switch (place.hook) {
    case Hook::Embed:
    case Hook::PosEmbed:
      return {};
    case Hook::ResidPre:
      if (layer == 0) return {here(Hook::Embed), here(Hook::PosEmbed)};
      return {{{Hook::ResidPost, layer - 1}, false}};
    case Hook::Ln1:
      return {here(Hook::ResidPre)};
    case Hook::Q:
    case Hook::K:
    case Hook::V:
      return {here(norm ? Hook::Ln1 : Hook::ResidPre)};
    case Hook::AttnScores:
      return {here(Hook::Q), earlier(Hook::K)};
    case Hook::Pattern:
      return {here(Hook::AttnScores)};
    case Hook::Z:
      return {here(Hook::Pattern), earlier(Hook::V)};
    case Hook::AttnOut:
      return {here(Hook::Z)};
    case Hook::ResidMid:
      return {here(Hook::ResidPre), here(Hook::AttnOut)};
    case Hook::Ln2:
      return {here(Hook::ResidMid)};
    case Hook::MlpPre:
      return {here(norm ? Hook::Ln2 : Hook::ResidMid)};
    case Hook::MlpPost:
      return {here(Hook::MlpPre)};
    case Hook::MlpOut:
      return {here(Hook::MlpPost)};
    case Hook::ResidPost:
      return {here(Hook::ResidMid), here(Hook::MlpOut)};
    case Hook::LnFinal:
      return {{{Hook::ResidPost, config.n_layers() - 1}, false}};
    case Hook::Logits:
      if (norm) return {here(Hook::LnFinal)};
      return {{{Hook::ResidPost, config.n_layers() - 1}, false}};
  }
  return {};
}

/// The place that a site names.
inline Place place_of(const Site& site, const TransformerConfig& config) {
  for (const Place& place : places(config))
    if (to_string(place) == site.place) return place;
  throw std::invalid_argument(site.place);
}

struct Step {
  Place place;
  Positions present;   ///< where the value will exist: somebody reads it there
  Positions computed;  ///< the part of `present` that no overwrite provides
  int64_t n_keys = 0;  ///< positions 0 … n_keys-1 are what the computed ones attend to, at most
  Reads reads = Reads::Formed;  ///< of AttnScores (keys) and Z (values)
  /// In block 1: AttnScores without Q and K, AttnOut without V and Z, through tables over the
  /// distinct (token, position) pairs of the batch; ResidPre read off the tokens without its two
  /// embeddings.
  bool folded = false;
};

class Plan {
 public:
  /// @param record, overwrite  valid sites; @param n_pos  length of the sequences, at most n_ctx.
  /// @throws std::invalid_argument for a position at or after n_pos.
  Plan(const TransformerConfig& config, const std::vector<Site>& record,
       const std::vector<Site>& overwrite, int64_t n_pos);

  const std::vector<Step>& steps() const { return steps_; }  ///< in order of computation
  const Step* find(const Place& place) const;                ///< null if nobody reads the place
  bool needs_tokens() const;
  /// Multiply-adds of the matrix products for one input (tables of block 1 not deduced).
  double multiply_adds() const;

 private:
  struct Builder;
  TransformerConfig config_;
  std::vector<Step> steps_;
};

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

inline Plan::Plan(const TransformerConfig& config, const std::vector<Site>& record,
                  const std::vector<Site>& overwrite, int64_t n_pos)
    : config_(config) {
  Builder builder{config, n_pos, {}, {}, {}, {}};
  for (const Site& site : record) {
    const Place place = place_of(site, config);
    builder.want(place, builder.of(site));
    builder.recorded.insert(place);
  }
  std::map<std::pair<Place, int64_t>, std::set<int64_t>> parts;  // heads or neurons at a position
  for (const Site& site : overwrite) {
    const Place site_place = place_of(site, config);
    builder.overwritten.insert(site_place);
    const Positions positions = builder.of(site);
    if (!site.head && site.neurons.empty())
      builder.covered[site_place].insert(positions.begin(), positions.end());
    for (const int64_t position : positions) {
      if (site.head) parts[{site_place, position}].insert(*site.head);
      if (!site.neurons.empty())
        parts[{site_place, position}].insert(site.neurons.begin(), site.neurons.end());
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

inline const Step* Plan::find(const Place& place) const {
  const auto found = std::ranges::find(steps_, place, &Step::place);
  return found == steps_.end() ? nullptr : &*found;
}

inline bool Plan::needs_tokens() const {
  const Step* embed = find({Hook::Embed, 0});
  const Step* stream = find({Hook::ResidPre, 0});
  return (embed && !embed->computed.empty()) ||
         (stream && stream->folded && !stream->computed.empty());
}

inline double Plan::multiply_adds() const {
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

}  // namespace assay::interp::by_hooks
