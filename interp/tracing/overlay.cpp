#include "interp/tracing/overlay.h"

#include <torch/types.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "interp/tracing/run.h"
#include "interp/tracing/selection.h"

namespace assay::interp::tracing {
namespace {

using at::Tensor;

Tensor zeros_for(const Run& run, const Step& step) {
  std::vector<int64_t> sizes = {run.extent().batch};
  for (const auto& [axis, size] : run.place_of(step).axes)
    sizes.push_back(axis == Axis::Position ? std::ssize(step.present)
                    : axis == Axis::Key    ? run.extent().n_pos
                                           : size);
  return at::zeros(sizes, run.weights().front().options().requires_grad(false));
}

// Writes `part` over `value` at `positions`, out of those where the step is present.
void write_at(const Tensor& value, const Run& run, const Step& step, const Positions& positions,
              const Tensor& part) {
  value.index_copy_(*run.place_of(step).axis(Axis::Position),
                    as_index(ranks(positions, step.present), value), part);
}

void lay_over(const Tensor& value, const Run& run, const Step& step, const Overwrite& overwrite) {
  const Site& site = overwrite.site;
  const Place& place = run.place_of(step);
  const int64_t axis = *place.axis(Axis::Position);
  const Positions given = positions_of(site, place, run.extent().n_pos);
  Positions used;
  std::ranges::set_intersection(given, step.present, std::back_inserter(used));
  if (used.empty()) return;
  // Without its head axis, a map's position axis moves up.
  const int64_t given_axis = site.head && *place.axis(Axis::Head) < axis ? axis - 1 : axis;
  const Tensor source = select(overwrite.value, given_axis, ranks(used, given));
  Tensor part = select(value, axis, ranks(used, step.present)).clone();
  if (site.head)
    part.select(*place.axis(Axis::Head), *site.head).copy_(source);
  else if (!site.neurons.empty())
    part.index_copy_(*place.axis(Axis::Neuron), as_index(site.neurons, part),
                     source.expand({run.extent().batch, -1, -1}));
  else
    part.copy_(source);
  write_at(value, run, step, used, part);
}

bool provides_all(const Run& run, const Step& step, const Site& site) {
  return step.computed.empty() && !site.head && site.neurons.empty() &&
         positions_of(site, run.place_of(step), run.extent().n_pos) == step.present;
}

}  // namespace

Tensor overlay(const Run& run, const Step& step, const Tensor& computed) {
  if (step.overwrites.empty()) return computed;
  const Overwrite& first = run.overwrite(step.overwrites[0]);
  if (step.overwrites.size() == 1 && provides_all(run, step, first.site)) return first.value;
  const Tensor value = zeros_for(run, step);
  if (computed.defined()) {
    std::vector<int64_t> sizes = computed.sizes().vec();
    sizes[0] = run.extent().batch;
    write_at(value, run, step, step.computed, computed.expand(sizes));
  }
  for (const size_t i : step.overwrites) lay_over(value, run, step, run.overwrite(i));
  return value;
}

}  // namespace assay::interp::tracing
