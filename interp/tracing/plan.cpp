#include "interp/tracing/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "interp/tracing/shortcuts.h"

namespace assay::interp {
namespace {

Positions checked_positions_of(const Site& site, const Places& places, int64_t n_pos) {
  if (!site.positions.empty() && site.positions.back() >= n_pos)
    throw std::invalid_argument(fmt::format("site '{}': position {} is outside the {} tokens given",
                                            to_string(site), site.positions.back(), n_pos));
  return positions_of(site, places[places.at(site.place)], n_pos);
}

// Positions of each place that overwrites provide in all parts.
std::map<int, std::set<int64_t>> provided(const Places& places, const std::vector<Site>& overwrite,
                                          int64_t n_pos) {
  std::map<int, std::set<int64_t>> provided;
  std::map<std::pair<int, int64_t>, std::set<int64_t>> parts;  // heads or neurons at a position
  for (const Site& site : overwrite) {
    const int place = places.at(site.place);
    const Positions positions = checked_positions_of(site, places, n_pos);
    if (!site.head && site.neurons.empty())
      provided[place].insert(positions.begin(), positions.end());
    for (const int64_t position : positions) {
      if (site.head) parts[{place, position}].insert(*site.head);
      if (!site.neurons.empty())
        parts[{place, position}].insert(site.neurons.begin(), site.neurons.end());
    }
  }
  for (const auto& [where, overwritten] : parts) {
    const auto& [place, position] = where;
    if (std::ssize(overwritten) == places[place].parts()) provided[place].insert(position);
  }
  return provided;
}

// The backward walk. What is wanted grows as readers are met; a place is settled when the walk
// reaches it, since everything that reads it comes later in the order of computation.
class Builder {
 public:
  Builder(const Places& places, const std::vector<Site>& record, const std::vector<Site>& overwrite,
          int64_t n_pos)
      : places_(places), n_pos_(n_pos) {
    for (const Site& site : record) {
      validate(site, places);
      demand_.recorded.insert(places.at(site.place));
      const Positions positions = checked_positions_of(site, places, n_pos);
      demand_.wanted[places.at(site.place)].insert(positions.begin(), positions.end());
    }
    for (const Site& site : overwrite) validate(site, places);
    provided_ = provided(places, overwrite, n_pos);
    for (size_t i = 0; i < overwrite.size(); ++i) {
      demand_.overwritten.insert(places.at(overwrite[i].place));
      overwrites_[places.at(overwrite[i].place)].push_back(i);
    }
  }

  Step settle(int place) {
    Step step{.place = place};
    const auto& positions = demand_.wanted[place];
    step.present.assign(positions.begin(), positions.end());
    std::ranges::set_difference(positions, provided_[place], std::back_inserter(step.computed));
    step.seen = demand_.seen(place);
    step.overwrites = overwrites_[place];
    if (!step.computed.empty()) want_inputs(step);
    return step;
  }

 private:
  // The first to want a value in this walk is the last to read it in a run.
  void want(Step& by, int place, const Positions& positions) {
    if (!demand_.wanted.contains(place)) by.last_reads.push_back(place);
    demand_.wanted[place].insert(positions.begin(), positions.end());
  }

  void want_attended(Step& step) {
    const Positions keys = keys_of(step);
    const int attended = places_[step.place].reads[1].from;
    if (step.reads == Reads::Formed) {
      want(step, attended, keys);
      return;
    }
    const int x = *tracing::projected_from(places_, attended);
    if (step.reads == Reads::Absorbed) {
      want(step, x, keys);
    } else {
      const auto through = tracing::through_mlp(places_, x);
      want(step, through->before, keys);
      want(step, through->neurons, keys);
    }
  }

  // Where a step looks that attends, be it through a folded mix.
  void look_back(Step& step) const {
    const Place& place = places_[step.place];
    auto read = attended(places_, step.place);
    if (!read && place.by == Primitive::Project) read = attended(places_, place.reads[0].from);
    if (!read) return;
    step.n_keys = read->reach == Reach::All ? n_pos_ : step.computed.back() + 1;
    if (read->reach == Reach::Window)
      step.first_key = std::max<int64_t>(0, step.computed.front() - read->window + 1);
  }

  Positions needed(const Read& read, const Positions& positions) const {
    return read.reach == Reach::All ? positions_up_to(n_pos_) : positions;
  }

  void want_inputs(Step& step) {
    const Place& place = places_[step.place];
    look_back(step);
    if (const auto x = tracing::foldable(places_, demand_, step)) {
      step.folded = true;
      if (place.by == Primitive::Project)
        want(step, places_[place.reads[0].from].reads[0].from, step.computed);  // the pattern
      want(step, *x, keys_of(step));
    } else if (place.by == Primitive::Scores || place.by == Primitive::Mix) {
      want(step, place.reads[0].from, step.computed);
      step.reads = tracing::cheapest_reads(places_, demand_, step);
      want_attended(step);
    } else if (tracing::spreadable(places_, demand_, step.place)) {
      step.folded = true;
    } else {
      for (const Read& read : place.reads) want(step, read.from, needed(read, step.computed));
    }
  }

  const Places& places_;
  const int64_t n_pos_;
  tracing::Demand demand_;
  std::map<int, std::set<int64_t>> provided_;
  std::map<int, std::vector<size_t>> overwrites_;
};

}  // namespace

Positions positions_up_to(int64_t n) {
  Positions all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

Positions keys_of(const Step& step) {
  Positions keys(step.n_keys - step.first_key);
  std::iota(keys.begin(), keys.end(), step.first_key);
  return keys;
}

Positions positions_of(const Site& site, const Place& place, int64_t n_pos) {
  return site.positions.empty() ? positions_up_to(place.positions(n_pos)) : site.positions;
}

Plan::Plan(const Places& places, const std::vector<Site>& record,
           const std::vector<Site>& overwrite, int64_t n_pos)
    : places_(places), step_of_(places.size(), -1) {
  Builder builder(places, record, overwrite, n_pos);
  for (int place = places.size() - 1; place >= 0; --place) {
    Step step = builder.settle(place);
    if (!step.present.empty()) steps_.push_back(std::move(step));
  }
  std::ranges::reverse(steps_);
  for (size_t i = 0; i < steps_.size(); ++i) step_of_[steps_[i].place] = static_cast<int>(i);
}

const Step* Plan::find(int place) const {
  return step_of_[place] < 0 ? nullptr : &steps_[step_of_[place]];
}

bool Plan::needs_tokens() const {
  return std::ranges::any_of(steps_, [&](const Step& step) {
    const Primitive by = places_[step.place].by;
    return !step.computed.empty() &&
           (by == Primitive::Token || (by == Primitive::Sum && step.folded));
  });
}

double Plan::multiply_adds() const {
  const auto width = [&](int place) {  // of one position
    double product = 1;
    for (const auto& [axis, size] : places_[place].axes)
      if (axis != Axis::Position && axis != Axis::Key) product *= static_cast<double>(size);
    return product;
  };
  double sum = 0;
  for (const Step& step : steps_) {
    const Place& place = places_[step.place];
    const auto at = static_cast<double>(step.computed.size());
    const auto keys = static_cast<double>(step.n_keys - step.first_key);
    if (at == 0) continue;
    if (place.by == Primitive::Project && !step.folded) {
      sum += at * width(place.reads[0].from) * width(step.place);
    } else if (place.by == Primitive::Project) {  // tables of values, then their mix
      const int v = places_[place.reads[0].from].reads[1].from;
      const double d = width(step.place);
      sum += keys * 2 * d * width(v) + at * keys * d;
    } else if (place.by == Primitive::Scores || place.by == Primitive::Mix) {
      const int attended = place.reads[1].from;
      const auto x = tracing::projected_from(places_, attended);
      const double heads = static_cast<double>(place.size(Axis::Head));
      const double d_head = static_cast<double>(places_[attended].size(Axis::DHead));
      const double d = x ? width(*x) : 0;
      // What one query pays per key, and for moving W_K or W_V (and W_out) to its side.
      if (step.folded)
        sum += keys * 2 * d * d_head + at * keys * d_head;
      else if (step.reads == Reads::Formed)
        sum += at * heads * keys * d_head;
      else
        sum += at * heads * d * (keys + d_head);
      if (step.reads == Reads::ThroughMlp)
        sum += at * heads * width(tracing::through_mlp(places_, *x)->neurons) * (keys + d);
    }
  }
  return sum;
}

}  // namespace assay::interp
