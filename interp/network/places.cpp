#include "interp/network/places.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

namespace assay::interp {

std::optional<int64_t> Place::axis(Axis axis) const {
  const auto found = std::ranges::find(axes, axis, &std::pair<Axis, int64_t>::first);
  if (found == axes.end()) return std::nullopt;
  return 1 + (found - axes.begin());
}

int64_t Place::size(Axis axis) const {
  const auto index = this->axis(axis);
  return index ? axes[*index - 1].second : 1;
}

int64_t Place::parts() const {
  return size(Axis::Head) * size(Axis::Neuron);  // a place has one of them at most
}

int64_t Place::positions(int64_t n_pos) const {
  const int64_t size = this->size(Axis::Position);
  return size < 0 ? n_pos : size;
}

std::optional<int> Places::find(std::string_view name) const {
  const auto found = std::ranges::find(all, name, &Place::name);
  if (found == all.end()) return std::nullopt;
  return static_cast<int>(found - all.begin());
}

int Places::at(std::string_view name) const {
  if (const auto found = find(name)) return *found;
  throw std::invalid_argument(
      fmt::format("unknown site '{}': this model has {}", name, list_of_names()));
}

std::string Places::list_of_names() const {
  std::vector<std::string_view> names;
  for (const Place& place : all) names.emplace_back(place.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::set<int> contributors(const Places& places, int place) {
  std::vector<char> reached(places.size(), 0);
  reached[place] = 1;
  std::set<int> found;
  for (int p = place; p >= 0; --p) {
    if (!reached[p]) continue;
    if (places[p].component >= 0) found.insert(places[p].component);
    for (const Read& read : places[p].reads) reached[read.from] = 1;
  }
  return found;
}

std::optional<Read> attended(const Places& places, int place) {
  const Place& p = places[place];
  switch (p.by) {
    case Primitive::Scores:
    case Primitive::Mix:
      return p.reads[1];
    case Primitive::Softmax:
      return attended(places, p.reads[0].from);
    default:
      return std::nullopt;
  }
}

bool is_embedding(const Places& places, int place) {
  if (place == places.embedding) return true;
  const Place& p = places[place];
  switch (p.by) {
    case Primitive::Token:
    case Primitive::Position:
      return true;
    case Primitive::Project:
      if (p.component < 0 || places.components[p.component].kind != Kind::Input) return false;
      [[fallthrough]];
    case Primitive::Sum:
    case Primitive::Norm:
      return std::ranges::all_of(p.reads,
                                 [&](const Read& read) { return is_embedding(places, read.from); });
    default:
      return false;
  }
}

namespace hook {
namespace {
std::string in_block(int64_t layer, std::string_view name) {
  return fmt::format("blocks.{}.{}", layer, name);
}
}  // namespace

std::string embed() {
  return "hook_embed";
}
std::string embed_projected() {
  return "embed.hook_project";
}
std::string pos_embed() {
  return "hook_pos_embed";
}
std::string embed_sum() {
  return "hook_embed_sum";
}
std::string embed_ln() {
  return "embed.ln.hook_normalized";
}
std::string resid_pre(int64_t layer) {
  return in_block(layer, "hook_resid_pre");
}
std::string ln1(int64_t layer) {
  return in_block(layer, "ln1.hook_normalized");
}
std::string q(int64_t layer) {
  return in_block(layer, "attn.hook_q");
}
std::string k(int64_t layer) {
  return in_block(layer, "attn.hook_k");
}
std::string v(int64_t layer) {
  return in_block(layer, "attn.hook_v");
}
std::string rot_q(int64_t layer) {
  return in_block(layer, "attn.hook_rot_q");
}
std::string rot_k(int64_t layer) {
  return in_block(layer, "attn.hook_rot_k");
}
std::string attn_scores(int64_t layer) {
  return in_block(layer, "attn.hook_attn_scores");
}
std::string pattern(int64_t layer) {
  return in_block(layer, "attn.hook_pattern");
}
std::string z(int64_t layer) {
  return in_block(layer, "attn.hook_z");
}
std::string attn_out(int64_t layer) {
  return in_block(layer, "hook_attn_out");
}
std::string resid_mid(int64_t layer) {
  return in_block(layer, "hook_resid_mid");
}
std::string ln2(int64_t layer) {
  return in_block(layer, "ln2.hook_normalized");
}
std::string mlp_pre(int64_t layer) {
  return in_block(layer, "mlp.hook_pre");
}
std::string mlp_pre_linear(int64_t layer) {
  return in_block(layer, "mlp.hook_pre_linear");
}
std::string mlp_post(int64_t layer) {
  return in_block(layer, "mlp.hook_post");
}
std::string mlp_out(int64_t layer) {
  return in_block(layer, "hook_mlp_out");
}
std::string resid_post(int64_t layer) {
  return in_block(layer, "hook_resid_post");
}
std::string ln_final() {
  return "ln_final.hook_normalized";
}
std::string pooled() {
  return "hook_pooled";
}
std::string head_pre() {
  return "head.hook_pre";
}
std::string head_post() {
  return "head.hook_post";
}
std::string head_ln() {
  return "head.ln.hook_normalized";
}
std::string unembed_projected() {
  return "unembed.hook_project";
}
std::string logits() {
  return "logits";
}
}  // namespace hook

}  // namespace assay::interp
