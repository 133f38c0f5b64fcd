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
  std::vector<int64_t> sizes = shape(Site{.place = step.place}, run.config());
  sizes[0] = run.extent().batch;
  sizes[position_axis(step.place.hook)] = static_cast<int64_t>(step.present.size());
  if (is_attention_map(step.place.hook)) sizes[3] = run.extent().n_pos;
  return at::zeros(sizes, run.model().W_E.options().requires_grad(false));
}

// Writes `part` over `value` at `positions`, out of those where the step is present.
void write_at(const Tensor& value, const Step& step, const Positions& positions,
              const Tensor& part) {
  value.index_copy_(position_axis(step.place.hook), as_index(ranks(positions, step.present), value),
                    part);
}

void lay_over(const Tensor& value, const Step& step, const Run& run, const Overwrite& overwrite) {
  const Site& site = overwrite.site;
  const int64_t axis = position_axis(site.place.hook);
  const Positions given = run.positions_of(site);
  Positions used;
  std::ranges::set_intersection(given, step.present, std::back_inserter(used));
  if (used.empty()) return;
  // Without its head axis, a map's position axis moves up.
  const int64_t given_axis = site.head && is_attention_map(site.place.hook) ? 1 : axis;
  const Tensor source = select(overwrite.value, given_axis, ranks(used, given));
  Tensor part = select(value, axis, ranks(used, step.present)).clone();
  if (site.head)
    part.select(head_axis(site.place.hook), *site.head).copy_(source);
  else if (!site.neurons.empty())
    part.index_copy_(2, as_index(site.neurons, part), source.expand({run.extent().batch, -1, -1}));
  else
    part.copy_(source);
  write_at(value, step, used, part);
}

bool provides_all(const Run& run, const Step& step, const Site& site) {
  return step.computed.empty() && !site.head && site.neurons.empty() &&
         run.positions_of(site) == step.present;
}

}  // namespace

Tensor overlay(const Run& run, const Step& step, const Tensor& computed) {
  const std::vector<const Overwrite*> overwrites = run.overwrites_of(step.place);
  if (overwrites.empty()) return computed;
  if (overwrites.size() == 1 && provides_all(run, step, overwrites[0]->site))
    return overwrites[0]->value;
  const Tensor value = zeros_for(run, step);
  if (computed.defined()) {
    std::vector<int64_t> sizes = computed.sizes().vec();
    sizes[0] = run.extent().batch;
    write_at(value, step, step.computed, computed.expand(sizes));
  }
  for (const Overwrite* overwrite : overwrites) lay_over(value, step, run, *overwrite);
  return value;
}

}  // namespace assay::interp::tracing
