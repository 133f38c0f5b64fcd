#include "axioms/listed_sources.h"

#include <torch/types.h>

#include <algorithm>
#include <iterator>

#include "axioms/exchanged_answers.h"
#include "circuits/interpretation/abstract_values.h"
#include "interp/execution/chunks.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Step;
using circuits::Value;

/// Where all inputs have the same token, a base leaves nothing of its own: the embedding there.
std::vector<interp::Site> shared_tokens(const interp::Places& places, const Tensor& tokens) {
  if (places.embedding < 0) return {};
  const Tensor shared = tokens.eq(tokens[0]).all(0).nonzero().flatten().contiguous();
  if (shared.numel() == 0) return {};
  const auto* positions = shared.data_ptr<int64_t>();
  return {{.place = places[places.embedding].name,
           .positions = {positions, positions + shared.numel()}}};
}

/// Are these sites a complete cut, once the places that are alike in all inputs are left out? Of
/// somebody else's network this is tried on some inputs and not known, and then every base is run.
bool leave_nothing_of_the_base(const Experiment& experiment, std::vector<interp::Site> sites,
                               const std::vector<interp::Site>& shared) {
  const interp::Network& network = experiment.network;
  if (!network.transformer()) return false;
  sites.insert(sites.end(), shared.begin(), shared.end());
  return network.path_around(sites, experiment.decision.site(network)).found == interp::Found::No;
}

std::vector<interp::Overwrite> overwrites_of(const std::vector<interp::Site>& sites,
                                             const std::vector<Tensor>& values) {
  std::vector<interp::Overwrite> overwrites;
  for (size_t i = 0; i < sites.size(); ++i) overwrites.push_back({sites[i], values[i]});
  return overwrites;
}

/// What S_v has beside the sites that α reads, where both together are a complete cut.
std::vector<interp::Site> sites_beside(const Experiment& experiment, const Step& step,
                                       const std::vector<interp::Site>& shared) {
  std::vector<interp::Site> beside;
  const auto is_read = [&](const interp::Site& site) {
    return std::ranges::count(step.reads, site) > 0;
  };
  std::ranges::remove_copy_if(step.sites, std::back_inserter(beside), is_read);
  const bool whole_sites = beside.size() + step.reads.size() == step.sites.size();
  return whole_sites && leave_nothing_of_the_base(experiment, step.sites, shared)
             ? beside
             : std::vector<interp::Site>();
}

/// Rows of one step, batch by batch.
struct Rows {
  std::vector<Tensor> values = {}, by_gamma = {}, by_activations = {};
  std::vector<std::vector<Tensor>> read = {};  // by site
};

Tensor joined(const std::vector<Tensor>& batches) {
  return batches.empty() ? Tensor() : at::cat(batches);
}

}  // namespace

ListedSources list_sources(const Experiment& experiment, const Tensor& tokens) {
  const std::vector<Step>& steps = experiment.program.steps;
  const std::vector<interp::Site> shared = shared_tokens(experiment.network.places(), tokens);
  const auto is_cut = [&](const std::vector<interp::Site>& sites) {
    return leave_nothing_of_the_base(experiment, sites, shared);
  };
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> batches = tokens.split(experiment.network.inputs_per_run());
  ListedSources listed;
  for (size_t v = 0; v < steps.size(); ++v) {
    const Step& step = steps[v];
    Rows rows{.read = std::vector<std::vector<Tensor>>(step.reads.size())};
    const bool is_output = v == experiment.program.output;
    const bool cut = !is_output && is_cut(step.sites),
               cut_by_reads = !is_output && is_cut(step.reads);
    for (const Tensor& batch : batches) {
      if (is_output) break;
      const Tensor source = batch.to(experiment.network.device());
      rows.values.push_back(circuits::prefix_values(experiment.program, source)[v]);
      if (cut)
        rows.by_gamma.push_back(replaced_decision(experiment, v, source, rows.values.back()));
      const std::vector<Tensor> read = experiment.network.trace(source, {.record = step.reads});
      if (cut_by_reads)
        rows.by_activations.push_back(
            decision_with(experiment, source, overwrites_of(step.reads, read)));
      else
        for (size_t i = 0; i < read.size(); ++i) rows.read[i].push_back(read[i]);
    }
    listed.values.push_back(joined(rows.values));
    listed.by_gamma.push_back(joined(rows.by_gamma));
    listed.by_activations.push_back(joined(rows.by_activations));
    std::vector<Tensor>& read = listed.read.emplace_back();
    for (const std::vector<Tensor>& of_site : rows.read) read.push_back(joined(of_site));
    listed.beside.push_back(is_output || cut_by_reads ? std::vector<interp::Site>()
                                                      : sites_beside(experiment, step, shared));
  }
  return listed;
}

}  // namespace assay::axioms
