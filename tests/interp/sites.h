#pragma once
// Sites to record and to overwrite.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <torch/types.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "interp/network/build.h"
#include "interp/network/site.h"

namespace assay::interp {

inline Site whole(std::string place) {
  return {.place = std::move(place)};
}
inline Site whole(const Place& place) {
  return {.place = place.name};
}
inline Site at_position(std::string place, int64_t position) {
  return {.place = std::move(place), .positions = {position}};
}

/// A place, whole and narrowed in each way it can be.
inline std::vector<Site> every_way_to_name(const Place& place, const TransformerConfig& config) {
  const std::string& name = place.name;
  if (place.positions(config.n_ctx) == 1)  // behind a pooling
    return {{.place = name}, {.place = name, .positions = {0}}};
  std::vector<Site> sites = {{.place = name},
                             {.place = name, .positions = {1, 3}},
                             {.place = name, .positions = {config.n_ctx - 1}}};
  if (place.axis(Axis::Head)) {
    sites.push_back({.place = name, .head = 0});
    sites.push_back({.place = name, .positions = {0, 2}, .head = place.size(Axis::Head) - 1});
  }
  if (place.axis(Axis::Neuron)) {
    sites.push_back({.place = name, .neurons = {0, 4}});
    sites.push_back({.place = name, .positions = {2, 3}, .neurons = {1}});
  }
  return sites;
}

inline std::vector<int64_t> random_subset(int64_t n, std::mt19937_64& random) {
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < n; ++i)
    if (random() % 2) chosen.push_back(i);
  if (chosen.empty()) chosen.push_back(static_cast<int64_t>(random() % n));
  return chosen;
}

inline Site random_site(const Places& places, int64_t n_pos, std::mt19937_64& random) {
  const Place& place = places.all[random() % places.all.size()];
  Site site{.place = place.name};
  if (random() % 3) site.positions = random_subset(place.positions(n_pos), random);
  if (place.axis(Axis::Head) && random() % 2)
    site.head = static_cast<int64_t>(random() % place.size(Axis::Head));
  if (place.axis(Axis::Neuron) && random() % 2)
    site.neurons = random_subset(place.size(Axis::Neuron), random);
  return site;
}
inline Site random_site(const TransformerConfig& config, int64_t n_pos, std::mt19937_64& random) {
  return random_site(describe(config), n_pos, random);
}

/// The shape of a site's value in a sequence of n_pos tokens.
inline std::vector<int64_t> shape_of_value(const Site& site, const TransformerConfig& config,
                                           int64_t batch, int64_t n_pos) {
  TransformerConfig shorter = config;
  shorter.n_ctx = n_pos;
  auto sizes = shape(site, describe(shorter));
  sizes[0] = batch;
  return sizes;
}

inline at::Tensor random_value(const std::vector<int64_t>& shape, std::mt19937_64& random) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(random());
  return at::normal(0.0, 1.0, shape, generator).to(at::kDouble);
}

}  // namespace assay::interp
