#pragma once
// The named places in the network, and how each is computed from others.
//
// A site says where a value lives: a hook point with the name that TransformerLens gives it,
// optionally narrowed. One string form serves files, the command line and code:
//   blocks.0.hook_resid_post              the residual stream after block 1, every position
//   blocks.1.mlp.hook_post[pos=40]        the hidden neurons at one position
//   blocks.1.mlp.hook_post[pos=40;neuron=3,17]
//   blocks.1.attn.hook_z[head=2]

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::interp {

struct TransformerConfig;

enum class Hook {
  Embed, PosEmbed,                       // [batch, pos, d_model]
  ResidPre, Ln1,                         // [batch, pos, d_model]
  Q, K, V,                               // [batch, pos, head, d_head]
  AttnScores, Pattern,                   // [batch, head, pos, key]
  Z,                                     // [batch, pos, head, d_head]
  AttnOut, ResidMid, Ln2,                // [batch, pos, d_model]
  MlpPre, MlpPost,                       // [batch, pos, d_mlp]
  MlpOut, ResidPost, LnFinal,            // [batch, pos, d_model]
  Logits,                                // [batch, pos, vocab]
};

/// A hook point of one block; `layer` is 0 for the hooks that belong to no block.
struct Place {
  Hook hook = Hook::Logits;
  int64_t layer = 0;
  auto operator<=>(const Place&) const = default;
};

/// A place, optionally narrowed. Empty vectors and no head mean "all".
struct Site {
  Place place;
  std::vector<int64_t> positions = {};  ///< query positions for patterns and scores; ascending
  std::optional<int64_t> head = {};     ///< only where the value has a head axis
  std::vector<int64_t> neurons = {};    ///< indices on the last axis, only where it is d_mlp; ascending
  bool operator==(const Site&) const = default;
};

std::string to_string(const Place& place);  ///< `blocks.0.hook_resid_post`
std::string to_string(const Site& site);    ///< with its narrowing in brackets, if any

/// @throws std::invalid_argument on a name that this model does not have (the message lists what it
///   has), on a malformed narrowing, and on positions, heads or neurons out of range.
Site parse_site(std::string_view text, const TransformerConfig& config);
/// The checks of parse_site() for a site made in code.
void validate(const Site& site, const TransformerConfig& config);

/// Every place of the model, each after the places it is computed from.
std::vector<Place> places(const TransformerConfig& config);

/// Shape of a site's value; -1 stands for the batch, and keys are counted with n_ctx.
std::vector<int64_t> shape(const Site& site, const TransformerConfig& config);

/// One arrow of the computation: a value at position p is computed from `from` at p, or, inside
/// attention, from `from` at every position up to p (at every one without a causal mask).
struct Dependency {
  Place from;
  bool earlier_positions = false;
};
std::vector<Dependency> dependencies(const Place& place, const TransformerConfig& config);

bool has_heads(Hook hook);
bool is_attention_map(Hook hook);  ///< scores and patterns, whose axes are [head, pos, key]

}  // namespace assay::interp
