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

// Positions at which a place is covered by the sites in all its parts.
std::set<int64_t> covered(const Place& place, const std::vector<Site>& sites,
                          const interp::TransformerConfig& config) {
  std::map<int64_t, std::set<int64_t>> parts;  // position -> heads or neurons covered
  const int64_t n_parts =
      interp::has_heads(place.hook) ? config.n_heads[place.layer] : config.d_mlp;
  for (const Site& site : sites) {
    if (site.place != place) continue;
    for (int64_t pos = 0; pos < config.n_ctx; ++pos) {
      if (!site.positions.empty() && !std::ranges::binary_search(site.positions, pos)) continue;
      if (site.head)
        parts[pos].insert(*site.head);
      else if (!site.neurons.empty())
        parts[pos].insert(site.neurons.begin(), site.neurons.end());
      else
        for (int64_t part = 0; part < n_parts; ++part) parts[pos].insert(part);
    }
  }
  std::set<int64_t> positions;
  for (const auto& [pos, covered_parts] : parts)
    if (static_cast<int64_t>(covered_parts.size()) == n_parts) positions.insert(pos);
  return positions;
}

}  // namespace

std::vector<std::string> path_around(const std::vector<Site>& sites,
                                     const interp::TransformerConfig& config, int64_t readout) {
  if (readout < 0 || readout >= config.n_ctx)
    throw std::invalid_argument(
        fmt::format("readout: position {} is out of range [0, {})", readout, config.n_ctx));
  const std::vector<Place> places = interp::places(config);
  std::map<Place, size_t> index;
  for (const Place& place : places) index.emplace(place, index.size());
  const auto vertex = [&](const Place& place, int64_t pos) {
    return index.at(place) * config.n_ctx + pos;
  };

  const auto last_seen = [&](int64_t pos) { return config.causal ? pos : config.n_ctx - 1; };

  // An edge into a covered vertex is left out: what is written there does not depend on the tokens.
  Graph graph(places.size() * config.n_ctx);
  for (const Place& place : places) {
    const std::set<int64_t> cut = covered(place, sites, config);
    for (int64_t pos = 0; pos < config.n_ctx; ++pos) {
      if (cut.contains(pos)) continue;
      for (const auto& [from, earlier] : interp::dependencies(place, config))
        for (int64_t source = earlier ? 0 : pos; source <= (earlier ? last_seen(pos) : pos);
             ++source)
          boost::add_edge(vertex(from, source), vertex(place, pos), graph);
    }
  }
  const std::set<int64_t> cut_embeddings = covered({Hook::Embed, 0}, sites, config);
  const size_t goal = vertex({Hook::Logits, 0}, readout);
  for (int64_t start = 0; start <= last_seen(readout); ++start) {
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
