#include "interp/network/site.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "interp/network/places.h"

namespace assay::interp {
namespace {

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
    throw std::invalid_argument(fmt::format(
        "site '{}': '{}' does not narrow a site; pos=, head= and neuron= do", text, key));
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

std::string to_string(const Site& site) {
  std::vector<std::string> fields;
  if (!site.positions.empty())
    fields.push_back(fmt::format("pos={}", fmt::join(site.positions, ",")));
  if (site.head) fields.push_back(fmt::format("head={}", *site.head));
  if (!site.neurons.empty())
    fields.push_back(fmt::format("neuron={}", fmt::join(site.neurons, ",")));
  return fields.empty() ? site.place : fmt::format("{}[{}]", site.place, fmt::join(fields, ";"));
}

Site parse_site(std::string_view text, const Places& places) {
  const size_t bracket = text.find('[');
  const std::string_view name = text.substr(0, bracket);
  Site site{.place = places[places.at(name)].name};
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
  validate(site, places);
  return site;
}

void validate(const Site& site, const Places& places) {
  const Place& place = places[places.at(site.place)];
  if (!site.positions.empty() && !place.axis(Axis::Position))
    throw std::invalid_argument(fmt::format("site '{}' has no positions", to_string(site)));
  require_within(site.positions, place.positions(places.n_ctx), "position", site);
  if (site.head) {
    if (!place.axis(Axis::Head))
      throw std::invalid_argument(fmt::format("site '{}' has no heads", to_string(site)));
    require_within({*site.head}, place.size(Axis::Head), "head", site);
  }
  if (!site.neurons.empty() && !place.axis(Axis::Neuron))
    throw std::invalid_argument(fmt::format("site '{}' has no neurons", to_string(site)));
  require_within(site.neurons, place.size(Axis::Neuron), "neuron", site);
}

std::vector<int64_t> shape(const Site& site, const Places& places) {
  std::vector<int64_t> sizes = {-1};
  for (const auto& [axis, size] : places[places.at(site.place)].axes) {
    if (axis == Axis::Head && site.head) continue;
    if (axis == Axis::Position && !site.positions.empty())
      sizes.push_back(std::ssize(site.positions));
    else if (axis == Axis::Neuron && !site.neurons.empty())
      sizes.push_back(std::ssize(site.neurons));
    else
      sizes.push_back(size < 0 ? places.n_ctx : size);
  }
  return sizes;
}

}  // namespace assay::interp
