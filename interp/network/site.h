#pragma once
// A site says where a value lives: a place of the network, optionally narrowed. One string form
// serves files, the command line and code:
//   blocks.0.hook_resid_post              the residual stream after block 1, every position
//   blocks.1.mlp.hook_post[pos=40]        the hidden neurons at one position
//   blocks.1.mlp.hook_post[pos=40;neuron=3,17]
//   blocks.1.attn.hook_z[head=2]

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::interp {

struct Places;

/// A place, optionally narrowed. Empty vectors and no head mean "all".
struct Site {
  std::string place;                    ///< its name; see hook:: in places.h
  std::vector<int64_t> positions = {};  ///< query positions for patterns and scores; ascending
  std::optional<int64_t> head = {};     ///< only where the value has a head axis
  std::vector<int64_t> neurons = {};    ///< only where the last axis is d_mlp; ascending
  auto operator<=>(const Site&) const = default;
  bool operator==(const Site&) const = default;
};

std::string to_string(const Site& site);  ///< with its narrowing in brackets, if any

/// @throws std::invalid_argument on a name that this network does not have (the message lists what
///   it has), on a malformed narrowing, and on positions, heads or neurons out of range.
Site parse_site(std::string_view text, const Places& places);
/// The checks of parse_site() for a site made in code.
void validate(const Site& site, const Places& places);

/// Shape of a site's value; -1 stands for the batch, and positions and keys are counted with n_ctx.
std::vector<int64_t> shape(const Site& site, const Places& places);

}  // namespace assay::interp
