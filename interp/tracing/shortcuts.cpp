#include "interp/tracing/shortcuts.h"

#include <algorithm>

namespace assay::interp::tracing {
namespace {

bool overwritten_before(const Places& places, const Demand& demand, int place) {
  return demand.overwritten.contains(place) ||
         std::ranges::any_of(places[place].reads, [&](const Read& read) {
           return overwritten_before(places, demand, read.from);
         });
}

}  // namespace

bool Demand::wanted_at(int place, int64_t positions) const {
  const auto found = wanted.find(place);
  return found != wanted.end() && std::ssize(found->second) >= positions;
}

std::optional<int> projected_from(const Places& places, int place) {
  const Place& p = places[place];
  if (p.by != Primitive::Project || p.reads.size() != 1) return std::nullopt;
  return p.reads[0].from;
}

std::optional<ThroughMlp> through_mlp(const Places& places, int x) {
  std::vector<int> skipped = {x};
  while (places[x].by == Primitive::Sum && places[x].reads.size() == 1)
    skipped.push_back(x = places[x].reads[0].from);
  if (places[x].by != Primitive::Sum || places[x].reads.size() != 2) return std::nullopt;
  const int before = places[x].reads[0].from, projection = places[x].reads[1].from;
  const auto neurons = projected_from(places, projection);
  if (!neurons || places[*neurons].axis(Axis::Head)) return std::nullopt;
  skipped.push_back(projection);
  return ThroughMlp{before, *neurons, projection, std::move(skipped)};
}

Reads cheapest_reads(const Places& places, const Demand& demand, const Step& step) {
  const int keys = places[step.place].reads[1].from;  // or values
  const auto x = projected_from(places, keys);
  const int64_t n_queries = std::ssize(step.computed), n_keys = step.n_keys - step.first_key;
  const int64_t d_head = places[keys].size(Axis::DHead);
  const int64_t heads = places[step.place].size(Axis::Head);  // of queries
  const int64_t sharing = heads / places[keys].size(Axis::Head);
  if (!x || demand.seen(keys) || sharing * n_queries * (d_head + n_keys) >= n_keys * d_head)
    return Reads::Formed;
  const int64_t d_model = places[*x].size(Axis::Model);
  const auto through = through_mlp(places, *x);
  const bool cheaper = 2 * n_queries * heads < d_model;
  const auto in_sight = [&](int place) {
    return demand.overwritten.contains(place) || demand.wanted_at(place, n_keys);
  };
  return through && cheaper && std::ranges::none_of(through->skipped, in_sight) ? Reads::ThroughMlp
                                                                                : Reads::Absorbed;
}

std::optional<int> foldable(const Places& places, const Demand& demand, const Step& step) {
  const Place& place = places[step.place];
  std::vector<int> unformed;
  if (place.by == Primitive::Scores) {
    unformed = {place.reads[0].from, place.reads[1].from};
  } else if (place.by == Primitive::Project && places[place.reads[0].from].by == Primitive::Mix) {
    const int z = place.reads[0].from;
    unformed = {places[z].reads[1].from, z};
  } else {
    return std::nullopt;
  }
  const auto has_one_head = [&](int p) { return places[p].size(Axis::Head) == 1; };
  if (step.computed.size() < 2 || !std::ranges::all_of(unformed, has_one_head)) return std::nullopt;
  const auto x = projected_from(places, unformed[0]);
  if (!x || !is_embedding(places, *x) || overwritten_before(places, demand, *x))
    return std::nullopt;
  if (place.by == Primitive::Scores && projected_from(places, unformed[1]) != x)
    return std::nullopt;
  if (std::ranges::any_of(unformed, [&](int p) { return demand.seen(p); })) return std::nullopt;
  return x;
}

bool spreadable(const Places& places, const Demand& demand, int place) {
  const auto of_input = [&](const Read& read) {
    const Primitive by = places[read.from].by;
    return (by == Primitive::Token || by == Primitive::Position) && !demand.seen(read.from);
  };
  return places[place].by == Primitive::Sum && std::ranges::all_of(places[place].reads, of_input);
}

}  // namespace assay::interp::tracing
