#pragma once
// Sites to record and to overwrite.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <torch/types.h>

#include <cstdint>
#include <random>
#include <vector>

#include "interp/site.h"
#include "interp/transformer.h"

namespace assay::interp {

inline Site whole(const Place& place) {
  return {.place = place};
}
inline Site whole(Hook hook, int64_t layer = 0) {
  return {.place = {hook, layer}};
}
inline Site at_position(Hook hook, int64_t layer, int64_t position) {
  return {.place = {hook, layer}, .positions = {position}};
}

/// Every place, whole and narrowed in each way it can be.
inline std::vector<Site> every_way_to_name(const Place& place, const TransformerConfig& config) {
  std::vector<Site> sites = {{.place = place},
                             {.place = place, .positions = {1, 3}},
                             {.place = place, .positions = {config.n_ctx - 1}}};
  if (has_heads(place.hook)) {
    sites.push_back({.place = place, .head = 0});
    sites.push_back({.place = place, .positions = {0, 2}, .head = config.n_heads[place.layer] - 1});
  }
  if (place.hook == Hook::MlpPre || place.hook == Hook::MlpPost) {
    sites.push_back({.place = place, .neurons = {0, 4}});
    sites.push_back({.place = place, .positions = {2, 3}, .neurons = {1}});
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

inline Site random_site(const TransformerConfig& config, int64_t n_pos, std::mt19937_64& random) {
  const auto all = places(config);
  Site site{.place = all[random() % all.size()]};
  if (random() % 3) site.positions = random_subset(n_pos, random);
  if (has_heads(site.place.hook) && random() % 2)
    site.head = static_cast<int64_t>(random() % config.n_heads[site.place.layer]);
  const bool neurons = site.place.hook == Hook::MlpPre || site.place.hook == Hook::MlpPost;
  if (neurons && random() % 2) site.neurons = random_subset(config.d_mlp, random);
  return site;
}

/// The shape of a site's value in a sequence of n_pos tokens.
inline std::vector<int64_t> shape_of_value(const Site& site, const TransformerConfig& config,
                                           int64_t batch, int64_t n_pos) {
  TransformerConfig shorter = config;
  shorter.n_ctx = n_pos;
  auto sizes = shape(site, shorter);
  sizes[0] = batch;
  return sizes;
}

inline at::Tensor random_value(const std::vector<int64_t>& shape, std::mt19937_64& random) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(random());
  return at::normal(0.0, 1.0, shape, generator).to(at::kDouble);
}

}  // namespace assay::interp
