#pragma once
// Where sites lie in the network's computation graph. Is a set of sites a complete cut? Only then
// does replacing them leave no path along which the network could still know what was replaced.
//
// The graph is the description unrolled over positions: a value at a position has an edge from
// every value that it reads. A site narrowed to a head or to neurons stops nothing unless all of
// them are covered.

#include <vector>

#include "interp/network/network.h"

namespace assay::interp {

/// Does every element of `site` belong to one of `sites`?
bool lies_within(const Site& site, const std::vector<Site>& sites, const Places& places);

/// A shortest path from the first embedding that reaches `decision` without passing through the
/// sites. Found::No is a complete cut; never Found::Unknown.
/// Takes time linear in places times positions. @throws as validate().
Around path_around(const Places& places, const std::vector<Site>& sites, const Site& decision);

/// Can anything at any of these sites influence `decision`? Never Found::Unknown.
/// @throws as validate().
Found reaches(const Places& places, const std::vector<Site>& sites, const Site& decision);

}  // namespace assay::interp
