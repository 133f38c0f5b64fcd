#include "axioms/unmapped.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>

#include "circuits/interpretation/program.h"
#include "interp/network/network.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using interp::Axis;
using interp::Place;
using interp::Places;
using interp::Site;

Tensor indices(const std::vector<int64_t>& some, int64_t n) {
  return some.empty() ? at::arange(n, at::kLong) : torch::tensor(some, torch::kInt64);
}

// Of a place that has heads or neurons, which of them the site has.
Tensor parts_of_site(const Site& site, const Place& place) {
  if (site.head) return torch::tensor({*site.head}, torch::kInt64);
  return indices(site.neurons, place.parts());
}

/// Elements of a site by (position, head or neuron): bool [positions, parts].
Tensor covered_elements(const Site& site, const std::vector<Site>& by, const Place& place,
                        int64_t n_pos) {
  Tensor all = at::zeros({place.positions(n_pos), place.parts()}, at::kBool);
  for (const Site& other : by) {
    if (other.place != site.place) continue;
    Tensor row = at::zeros({place.parts()}, at::kBool);
    row.index_fill_(0, parts_of_site(other, place), true);
    const Tensor positions = indices(other.positions, all.size(0));
    all.index_copy_(0, positions, all.index_select(0, positions).logical_or(row));
  }
  return all.index_select(0, indices(site.positions, all.size(0)))
      .index_select(1, parts_of_site(site, place));
}

// The same with the axes of the site's value, size 1 where elements do not differ.
Tensor as_value(const Tensor& elements, const Site& site, const Place& place) {
  std::vector<int64_t> sizes;
  bool parts_first = false, position_seen = false;
  for (const auto& [axis, size] : place.axes) {
    const bool parts = axis == Axis::Head || axis == Axis::Neuron;
    if (axis == Axis::Head && site.head) continue;
    parts_first = parts_first || (parts && !position_seen);
    position_seen = position_seen || axis == Axis::Position;
    sizes.push_back(axis == Axis::Position ? elements.size(0) : parts ? elements.size(1) : 1);
  }
  return (parts_first ? elements.t() : elements).reshape(sizes);
}

std::string partly(const Site& site, int64_t some, int64_t all, const char* what) {
  return fmt::format("{}: {} of {} {}", to_string(site), some, all, what);
}

/// What is left of one site: positions of which nothing is read, and at the others the rest of
/// their heads or neurons.
void add_unread(MappedNode& node, size_t site_index, const Tensor& read, const Place& place) {
  const Site& site = node.sites[site_index];
  const auto add = [&](const std::string& name, const Tensor& elements) {
    Unmapped part{name, std::vector<Tensor>(node.sites.size())};
    for (size_t i = 0; i < node.sites.size(); ++i)
      part.masks[i] = i == site_index ? as_value(elements, site, place) : at::zeros({}, at::kBool);
    node.parts.push_back(std::move(part));
  };
  const Tensor any = read.any(1, /*keepdim=*/true);
  const int64_t untouched = any.logical_not().sum().item<int64_t>(), all = read.size(0);
  if (untouched > 0)
    add(untouched == all ? to_string(site) : partly(site, untouched, all, "positions"),
        any.logical_not().expand_as(read).contiguous());
  const Tensor rest = read.logical_not().logical_and(any);
  const int64_t unread = rest.any(0).sum().item<int64_t>();
  if (unread > 0)
    add(partly(site, unread, read.size(1), place.axis(Axis::Neuron) ? "neurons" : "heads"), rest);
}

/// Where the outputs of all components stand: of an attention, each of its heads.
std::vector<Site> component_sites(const Places& places) {
  std::vector<Site> sites;
  for (int c = 0; c < std::ssize(places.components); ++c) {
    const interp::ComponentPlaces& component = places.components[c];
    if (component.kind == interp::Kind::Logits) continue;
    const auto mix = std::ranges::find_if(places.all, [&](const Place& place) {
      return place.component == c && place.by == interp::Primitive::Mix;
    });
    if (component.kind == interp::Kind::Head && mix != places.all.end())
      for (int64_t head = 0; head < mix->parts(); ++head)
        sites.push_back({.place = mix->name, .head = head});
    else if (component.output >= 0)
      sites.push_back({.place = places[component.output].name});
  }
  if (!places.components.empty()) return sites;
  for (int p = 0; p < places.size(); ++p)  // somebody else's network: whatever it computes
    if (p != places.logits) sites.push_back({.place = places[p].name});
  return sites;
}

// The sites of the nodes that the answer is said to be computed from; none if that are the tokens,
// too.
std::vector<Site> last_sites(const Program& program) {
  std::vector<Site> sites;
  for (const int parent : program.steps[program.output].parents) {
    if (parent < 0) return {};
    for (const Site& site : program.steps[parent].sites)
      if (std::ranges::count(sites, site) == 0) sites.push_back(site);
  }
  return sites;
}

}  // namespace

MappedNode mapped_node(const Experiment& experiment, size_t step, int64_t n_pos) {
  const Places& places = experiment.network.places();
  const Step& of = experiment.program.steps[step];
  MappedNode node{.step = step, .sites = of.sites};
  for (size_t i = 0; i < node.sites.size(); ++i) {
    const Place& place = places[places.at(node.sites[i].place)];
    const Tensor read = covered_elements(node.sites[i], of.reads, place, n_pos);
    node.mapped.push_back(as_value(read, node.sites[i], place));
    add_unread(node, i, read, place);
  }
  return node;
}

MappedNode around_all(const Experiment& experiment, int64_t n_pos) {
  const auto& [network, program, decision] = experiment;
  const Places& places = network.places();
  MappedNode node{.step = program.output};
  const std::vector<Site> held = last_sites(program);
  if (held.empty() || network.path_around(held, decision.site(network)).found != interp::Found::Yes)
    return node;
  node.sites = held;
  node.mapped.assign(held.size(), at::ones({}, at::kBool));
  for (const Site& site : component_sites(places)) {
    const Place& place = places[places.at(site.place)];
    const Tensor rest = covered_elements(site, held, place, n_pos).logical_not();
    if (!rest.any().item<bool>() || network.reaches(held, site) != interp::Found::No) continue;
    node.sites.push_back(site);
    node.mapped.push_back(as_value(rest.logical_not(), site, place));
  }
  for (size_t i = held.size(); i < node.sites.size(); ++i) {
    Unmapped part{to_string(node.sites[i]),
                  std::vector<Tensor>(node.sites.size(), at::zeros({}, at::kBool))};
    part.masks[i] = node.mapped[i].logical_not();
    node.parts.push_back(std::move(part));
  }
  return node;
}

}  // namespace assay::axioms
