#include "interp/network/cut.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace assay::interp {
namespace {

using Marks = std::vector<std::vector<char>>;  // [place][position]

Marks no_marks(const Places& places) {
  return Marks(places.size(), std::vector<char>(places.n_ctx, 0));
}

std::vector<int64_t> positions_of(const Site& site, const Places& places) {
  if (!site.positions.empty()) return site.positions;
  std::vector<int64_t> all(places[places.at(site.place)].positions(places.n_ctx));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// The positions first … end-1 of what is read that position `pos` of the reader needs.
struct Range {
  int64_t first = 0, end = 0;
};
Range needed(const Read& read, int64_t pos, int64_t n_ctx) {
  switch (read.reach) {
    case Reach::Same:
      return {pos, pos + 1};
    case Reach::UpToHere:
      return {0, pos + 1};
    case Reach::Window:
      return {std::max<int64_t>(0, pos - read.window + 1), pos + 1};
    case Reach::All:
      break;
  }
  return {0, n_ctx};
}

// The other way around: the positions of the reader that need position `pos` of what is read.
Range needing(const Read& read, int64_t pos, int64_t n_ctx) {
  switch (read.reach) {
    case Reach::Same:
      return {pos, pos + 1};
    case Reach::UpToHere:
      return {pos, n_ctx};
    case Reach::Window:
      return {pos, std::min(n_ctx, pos + read.window)};
    case Reach::All:
      break;
  }
  return {0, n_ctx};
}

// Position -> heads or neurons of a place that the sites cover there.
using Parts = std::map<int64_t, std::set<int64_t>>;

Parts covered_parts(const std::string& place, const std::vector<Site>& sites,
                    const Places& places) {
  Parts parts;
  for (const Site& site : sites) {
    if (site.place != place) continue;
    std::set<int64_t> covered(site.neurons.begin(), site.neurons.end());
    if (site.head) covered.insert(*site.head);
    if (covered.empty())
      for (int64_t part = 0; part < places[places.at(place)].parts(); ++part) covered.insert(part);
    for (const int64_t pos : positions_of(site, places))
      parts[pos].insert(covered.begin(), covered.end());
  }
  return parts;
}

// Where places are covered by the sites in all their parts.
Marks covered(const std::vector<Site>& sites, const Places& places) {
  Marks marks = no_marks(places);
  std::set<std::string> names;
  for (const Site& site : sites) names.insert(site.place);
  for (const std::string& name : names) {
    const int place = places.at(name);
    for (const auto& [pos, parts] : covered_parts(name, sites, places))
      if (std::ssize(parts) == places[place].parts()) marks[place][pos] = 1;
  }
  return marks;
}

// Everything on which `decision` depends. What is covered depends on nothing itself. One walk
// backwards over the places; what a place reads is a position or a range of them.
Marks depended_on(const Places& places, const Site& decision, const Marks& covered) {
  Marks marks = no_marks(places);
  for (const int64_t pos : positions_of(decision, places))
    marks[places.at(decision.place)][pos] = 1;
  for (int p = places.size() - 1; p >= 0; --p) {
    for (const Read& read : places[p].reads) {
      int64_t done = 0;  // what is needed of one reader ends no earlier than of the one before it
      for (int64_t pos = 0; pos < places.n_ctx; ++pos) {
        if (!marks[p][pos] || covered[p][pos]) continue;
        const auto [first, end] = needed(read, pos, places.n_ctx);
        for (int64_t i = std::max(first, done); i < end; ++i) marks[read.from][i] = 1;
        done = std::max(done, end);
      }
    }
  }
  return marks;
}

// Breadth-first search forwards, among what the decision depends on. A position may be read by all
// later ones: those that were visited are skipped by pointers, so that no edge is looked at twice.
class Search {
 public:
  Search(const Places& places, const Site& decision, const Marks& covered, const Marks& within)
      : places_(places),
        goal_(places.at(decision.place)),
        readers_(places.size()),
        predecessor_(places.size() * places.n_ctx) {
    for (int p = 0; p < places.size(); ++p) {
      next_.emplace_back(places.n_ctx + 1);
      for (int64_t pos = 0; pos <= places.n_ctx; ++pos) next_[p][pos] = pos;
      for (int64_t pos = 0; pos < places.n_ctx; ++pos)
        if (!within[p][pos] || covered[p][pos]) next_[p][pos] = pos + 1;
      for (const Read& read : places[p].reads)
        readers_[read.from].push_back({p, read.reach, read.window});
    }
  }

  std::vector<std::string> path_from(int place, int64_t position) {
    visit({place, position}, {-1, 0});
    while (!queue_.empty()) {
      const Vertex at = queue_.front();
      queue_.pop_front();
      if (at.first == goal_) return path_to(at);
      for (const Read& reader : readers_[at.first]) {
        const auto [first, end] = needing(reader, at.second, places_.n_ctx);
        for (int64_t pos = unvisited(reader.from, first); pos < end;
             pos = unvisited(reader.from, pos))
          visit({reader.from, pos}, at);
      }
    }
    return {};
  }

 private:
  using Vertex = std::pair<int, int64_t>;  // place, position

  size_t index(const Vertex& vertex) const { return vertex.first * places_.n_ctx + vertex.second; }

  int64_t unvisited(int place, int64_t from) {
    int64_t found = from;
    while (next_[place][found] != found) found = next_[place][found];
    while (next_[place][from] != found) from = std::exchange(next_[place][from], found);
    return found;
  }

  void visit(const Vertex& vertex, const Vertex& predecessor) {
    next_[vertex.first][vertex.second] = vertex.second + 1;
    predecessor_[index(vertex)] = predecessor;
    queue_.push_back(vertex);
  }

  std::vector<std::string> path_to(Vertex vertex) const {
    std::vector<std::string> path;
    for (; vertex.first >= 0; vertex = predecessor_[index(vertex)])
      path.push_back(fmt::format("{}@{}", places_[vertex.first].name, vertex.second));
    std::ranges::reverse(path);
    return path;
  }

  const Places& places_;
  const int goal_;
  std::vector<std::vector<Read>> readers_;  // of each place; `from` is the reader here
  std::vector<std::vector<int64_t>> next_;  // at or after each position, perhaps unvisited
  std::vector<Vertex> predecessor_;         // of place · n_ctx + position
  std::deque<Vertex> queue_;
};

void validate_all(const std::vector<Site>& sites, const Site& decision, const Places& places) {
  for (const Site& site : sites) validate(site, places);
  validate(decision, places);
}

}  // namespace

bool lies_within(const Site& site, const std::vector<Site>& sites, const Places& places) {
  const Parts covered = covered_parts(site.place, sites, places);
  return std::ranges::all_of(covered_parts(site.place, {site}, places), [&](const auto& entry) {
    const auto found = covered.find(entry.first);
    return found != covered.end() && std::ranges::includes(found->second, entry.second);
  });
}

Around path_around(const Places& places, const std::vector<Site>& sites, const Site& decision) {
  validate_all(sites, decision, places);
  const Marks stopped = covered(sites, places);
  const Marks within = depended_on(places, decision, stopped);
  for (int64_t start = 0; start < places.n_ctx; ++start)
    if (within[places.embedding][start] && !stopped[places.embedding][start])
      return {Found::Yes,
              Search(places, decision, stopped, within).path_from(places.embedding, start)};
  return {Found::No, {}};
}

Found reaches(const Places& places, const std::vector<Site>& sites, const Site& decision) {
  validate_all(sites, decision, places);
  const Marks marks = depended_on(places, decision, no_marks(places));
  for (const Site& site : sites)
    for (const int64_t pos : positions_of(site, places))
      if (marks[places.at(site.place)][pos]) return Found::Yes;
  return Found::No;
}

}  // namespace assay::interp
