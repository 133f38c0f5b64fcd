#include "circuits/cut.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <map>
#include <set>
#include <stdexcept>

#include "interp/transformer.h"

namespace assay::circuits {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
using interp::Hook;
using interp::Place;
using interp::Site;

// Heads, or elements of the last axis, into which a place can be narrowed.
int64_t n_parts(const Place& place, const interp::TransformerConfig& config) {
  return interp::has_heads(place.hook) ? config.n_heads[place.layer] : config.d_mlp;
}

// Position -> heads or neurons of a place that the sites cover there.
std::map<int64_t, std::set<int64_t>> covered_parts(const Place& place,
                                                   const std::vector<Site>& sites,
                                                   const interp::TransformerConfig& config) {
  std::map<int64_t, std::set<int64_t>> parts;
  for (const Site& site : sites) {
    if (site.place != place) continue;
    for (int64_t pos = 0; pos < config.n_ctx; ++pos) {
      if (!site.positions.empty() && !std::ranges::binary_search(site.positions, pos)) continue;
      if (site.head)
        parts[pos].insert(*site.head);
      else if (!site.neurons.empty())
        parts[pos].insert(site.neurons.begin(), site.neurons.end());
      else
        for (int64_t part = 0; part < n_parts(place, config); ++part) parts[pos].insert(part);
    }
  }
  return parts;
}

// Positions at which a place is covered by the sites in all its parts.
std::set<int64_t> covered(const Place& place, const std::vector<Site>& sites,
                          const interp::TransformerConfig& config) {
  std::set<int64_t> positions;
  for (const auto& [pos, parts] : covered_parts(place, sites, config))
    if (static_cast<int64_t>(parts.size()) == n_parts(place, config)) positions.insert(pos);
  return positions;
}

void require_position(int64_t readout, const interp::TransformerConfig& config) {
  if (readout < 0 || readout >= config.n_ctx)
    throw std::invalid_argument(
        fmt::format("readout: position {} is out of range [0, {})", readout, config.n_ctx));
}

// The last position that can be looked at from `pos`.
int64_t last_seen(int64_t pos, const interp::TransformerConfig& config) {
  return config.causal ? pos : config.n_ctx - 1;
}

}  // namespace

bool lies_within(const Site& site, const std::vector<Site>& sites,
                 const interp::TransformerConfig& config) {
  const auto covered = covered_parts(site.place, sites, config);
  for (const auto& [pos, parts] : covered_parts(site.place, {site}, config)) {
    const auto found = covered.find(pos);
    if (found == covered.end() || !std::ranges::includes(found->second, parts)) return false;
  }
  return true;
}

bool reaches_readout(const std::vector<Site>& sites, const interp::TransformerConfig& config,
                     int64_t readout) {
  require_position(readout, config);
  std::map<Place, std::set<int64_t>> reaching;  // position of a place that the logits depend on
  std::vector<std::pair<Place, int64_t>> next = {{{Hook::Logits, 0}, readout}};
  while (!next.empty()) {
    const auto [place, pos] = next.back();
    next.pop_back();
    if (!reaching[place].insert(pos).second) continue;
    for (const auto& [from, earlier] : interp::dependencies(place, config))
      for (int64_t source = earlier ? 0 : pos; source <= (earlier ? last_seen(pos, config) : pos);
           ++source)
        next.emplace_back(from, source);
  }
  return std::ranges::any_of(sites, [&](const Site& site) {
    const std::set<int64_t>& positions = reaching[site.place];
    return site.positions.empty() ? !positions.empty()
                                  : std::ranges::any_of(site.positions, [&](int64_t pos) {
                                      return positions.contains(pos);
                                    });
  });
}

std::vector<std::string> path_around(const std::vector<Site>& sites,
                                     const interp::TransformerConfig& config, int64_t readout) {
  require_position(readout, config);
  const std::vector<Place> places = interp::places(config);
  std::map<Place, size_t> index;
  for (const Place& place : places) index.emplace(place, index.size());
  const auto vertex = [&](const Place& place, int64_t pos) {
    return index.at(place) * config.n_ctx + pos;
  };

  // An edge into a covered vertex is left out: what is written there does not depend on the tokens.
  Graph graph(places.size() * config.n_ctx);
  for (const Place& place : places) {
    const std::set<int64_t> cut = covered(place, sites, config);
    for (int64_t pos = 0; pos < config.n_ctx; ++pos) {
      if (cut.contains(pos)) continue;
      for (const auto& [from, earlier] : interp::dependencies(place, config))
        for (int64_t source = earlier ? 0 : pos; source <= (earlier ? last_seen(pos, config) : pos);
             ++source)
          boost::add_edge(vertex(from, source), vertex(place, pos), graph);
    }
  }
  const std::set<int64_t> cut_embeddings = covered({Hook::Embed, 0}, sites, config);
  const size_t goal = vertex({Hook::Logits, 0}, readout);
  for (int64_t start = 0; start <= last_seen(readout, config); ++start) {
    if (cut_embeddings.contains(start)) continue;
    std::vector<size_t> predecessor(boost::num_vertices(graph));
    for (size_t v = 0; v < predecessor.size(); ++v) predecessor[v] = v;
    const size_t origin = vertex({Hook::Embed, 0}, start);
    boost::breadth_first_search(graph, origin,
                                boost::visitor(boost::make_bfs_visitor(boost::record_predecessors(
                                    predecessor.data(), boost::on_tree_edge()))));
    if (predecessor[goal] == goal) continue;
    std::vector<std::string> path;
    for (size_t v = goal;; v = predecessor[v]) {
      path.push_back(
          fmt::format("{}@{}", interp::to_string(places[v / config.n_ctx]), v % config.n_ctx));
      if (v == origin) break;
    }
    std::ranges::reverse(path);
    return path;
  }
  return {};
}

}  // namespace assay::circuits
