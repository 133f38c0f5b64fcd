#include "interp/site.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "interp/transformer.h"

namespace assay::interp {
namespace {

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

const HookName& entry(Hook hook) {
  return *std::ranges::find(kHooks, hook, &HookName::hook);
}

bool is_norm(Hook hook) {
  return hook == Hook::Ln1 || hook == Hook::Ln2 || hook == Hook::LnFinal;
}

bool has_neurons(Hook hook) { return hook == Hook::MlpPre || hook == Hook::MlpPost; }

std::string list_of_places(const TransformerConfig& config) {
  std::vector<std::string> names;
  for (const Place& place : places(config)) names.push_back(to_string(place));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<int64_t> parse_indices(std::string_view list, std::string_view text) {
  std::vector<int64_t> indices;
  while (true) {
    int64_t index = 0;
    const auto [end, error] = std::from_chars(list.data(), list.data() + list.size(), index);
    if (error != std::errc())
      throw std::invalid_argument(
          fmt::format("site '{}': expected a list of numbers, got '{}'", text, list));
    indices.push_back(index);
    list.remove_prefix(end - list.data());
    if (list.empty()) break;
    if (list.front() != ',')
      throw std::invalid_argument(
          fmt::format("site '{}': expected ',' between numbers, got '{}'", text, list));
    list.remove_prefix(1);
  }
  std::ranges::sort(indices);
  return indices;
}

void narrow(Site& site, std::string_view field, std::string_view text) {
  const size_t equals = field.find('=');
  const std::string_view key = field.substr(0, equals);
  const auto indices = [&](bool taken) {
    if (taken)
      throw std::invalid_argument(fmt::format("site '{}': '{}' is given twice", text, key));
    return parse_indices(equals == field.npos ? "" : field.substr(equals + 1), text);
  };
  if (key == "pos") {
    site.positions = indices(!site.positions.empty());
  } else if (key == "neuron") {
    site.neurons = indices(!site.neurons.empty());
  } else if (key == "head") {
    const auto heads = indices(site.head.has_value());
    if (heads.size() != 1)
      throw std::invalid_argument(fmt::format("site '{}': a site has one head or all", text));
    site.head = heads.front();
  } else {
    throw std::invalid_argument(
        fmt::format("site '{}': '{}' does not narrow a site; pos=, head= and neuron= do", text, key));
  }
}

void require_within(const std::vector<int64_t>& indices, int64_t size, std::string_view what,
                    const Site& site) {
  for (int64_t index : indices)
    if (index < 0 || index >= size)
      throw std::invalid_argument(fmt::format("site '{}': {} {} is out of range [0, {})",
                                              to_string(site), what, index, size));
  if (!std::ranges::is_sorted(indices) || std::ranges::adjacent_find(indices) != indices.end())
    throw std::invalid_argument(
        fmt::format("site '{}': {}s must ascend without repetition", to_string(site), what));
}

}  // namespace

bool is_attention_map(Hook hook) { return hook == Hook::AttnScores || hook == Hook::Pattern; }

bool has_heads(Hook hook) {
  return (hook >= Hook::Q && hook <= Hook::Z);
}

std::string to_string(const Place& place) {
  const HookName& hook = entry(place.hook);
  return hook.in_block ? fmt::format("blocks.{}.{}", place.layer, hook.name)
                       : std::string(hook.name);
}

std::string to_string(const Site& site) {
  std::vector<std::string> fields;
  if (!site.positions.empty()) fields.push_back(fmt::format("pos={}", fmt::join(site.positions, ",")));
  if (site.head) fields.push_back(fmt::format("head={}", *site.head));
  if (!site.neurons.empty()) fields.push_back(fmt::format("neuron={}", fmt::join(site.neurons, ",")));
  return fields.empty() ? to_string(site.place)
                        : fmt::format("{}[{}]", to_string(site.place), fmt::join(fields, ";"));
}

std::vector<Place> places(const TransformerConfig& config) {
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

Site parse_site(std::string_view text, const TransformerConfig& config) {
  const size_t bracket = text.find('[');
  const std::string_view name = text.substr(0, bracket);
  const auto all = places(config);
  const auto found = std::ranges::find(all, name, [](const Place& p) { return to_string(p); });
  if (found == all.end())
    throw std::invalid_argument(
        fmt::format("unknown site '{}': this model has {}", name, list_of_places(config)));
  Site site{.place = *found, .positions = {}, .head = {}, .neurons = {}};
  if (bracket != text.npos) {
    if (text.back() != ']')
      throw std::invalid_argument(fmt::format("site '{}': expected a closing ']'", text));
    std::string_view fields = text.substr(bracket + 1, text.size() - bracket - 2);
    while (true) {
      const size_t end = fields.find(';');
      narrow(site, fields.substr(0, end), text);
      if (end == fields.npos) break;
      fields.remove_prefix(end + 1);
    }
  }
  validate(site, config);
  return site;
}

void validate(const Site& site, const TransformerConfig& config) {
  const auto all = places(config);
  if (std::ranges::find(all, site.place) == all.end())
    throw std::invalid_argument(fmt::format("unknown site '{}': this model has {}",
                                            to_string(site.place), list_of_places(config)));
  require_within(site.positions, config.n_ctx, "position", site);
  if (site.head) {
    if (!has_heads(site.place.hook))
      throw std::invalid_argument(fmt::format("site '{}' has no heads", to_string(site)));
    require_within({*site.head}, config.n_heads[site.place.layer], "head", site);
  }
  if (!site.neurons.empty() && !has_neurons(site.place.hook))
    throw std::invalid_argument(fmt::format("site '{}' has no neurons", to_string(site)));
  require_within(site.neurons, config.d_mlp, "neuron", site);
}

std::vector<int64_t> shape(const Site& site, const TransformerConfig& config) {
  const Hook hook = site.place.hook;
  const int64_t pos =
      site.positions.empty() ? config.n_ctx : static_cast<int64_t>(site.positions.size());
  if (has_heads(hook)) {
    const int64_t heads = config.n_heads[site.place.layer];
    const int64_t d_head = config.d_head[site.place.layer];
    if (is_attention_map(hook))
      return site.head ? std::vector<int64_t>{-1, pos, config.n_ctx}
                       : std::vector<int64_t>{-1, heads, pos, config.n_ctx};
    return site.head ? std::vector<int64_t>{-1, pos, d_head}
                     : std::vector<int64_t>{-1, pos, heads, d_head};
  }
  int64_t width = config.d_model;
  if (has_neurons(hook))
    width = site.neurons.empty() ? config.d_mlp : static_cast<int64_t>(site.neurons.size());
  if (hook == Hook::Logits) width = config.d_vocab;
  return {-1, pos, width};
}

std::vector<Dependency> dependencies(const Place& place, const TransformerConfig& config) {
  const int64_t layer = place.layer;
  const bool norm = config.norm == Norm::Pre;
  const auto here = [&](Hook hook) { return Dependency{{hook, layer}, false}; };
  const auto earlier = [&](Hook hook) { return Dependency{{hook, layer}, true}; };
  switch (place.hook) {
    case Hook::Embed:
    case Hook::PosEmbed: return {};
    case Hook::ResidPre:
      if (layer == 0) return {here(Hook::Embed), here(Hook::PosEmbed)};
      return {{{Hook::ResidPost, layer - 1}, false}};
    case Hook::Ln1: return {here(Hook::ResidPre)};
    case Hook::Q:
    case Hook::K:
    case Hook::V: return {here(norm ? Hook::Ln1 : Hook::ResidPre)};
    case Hook::AttnScores: return {here(Hook::Q), earlier(Hook::K)};
    case Hook::Pattern: return {here(Hook::AttnScores)};
    case Hook::Z: return {here(Hook::Pattern), earlier(Hook::V)};
    case Hook::AttnOut: return {here(Hook::Z)};
    case Hook::ResidMid: return {here(Hook::ResidPre), here(Hook::AttnOut)};
    case Hook::Ln2: return {here(Hook::ResidMid)};
    case Hook::MlpPre: return {here(norm ? Hook::Ln2 : Hook::ResidMid)};
    case Hook::MlpPost: return {here(Hook::MlpPre)};
    case Hook::MlpOut: return {here(Hook::MlpPost)};
    case Hook::ResidPost: return {here(Hook::ResidMid), here(Hook::MlpOut)};
    case Hook::LnFinal: return {{{Hook::ResidPost, config.n_layers() - 1}, false}};
    case Hook::Logits:
      if (norm) return {here(Hook::LnFinal)};
      return {{{Hook::ResidPost, config.n_layers() - 1}, false}};
  }
  return {};
}

}  // namespace assay::interp
