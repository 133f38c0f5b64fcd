#include "interp/tracing/run.h"

#include <torch/types.h>

#include <stdexcept>

#include "interp/tracing/selection.h"

namespace assay::interp::tracing {

using at::Tensor;

Run::Run(const Transformer& model, const Tensor& tokens, const TraceRequest& request,
         const Extent& extent, const Plan& plan)
    : model_(model),
      tokens_(tokens),
      request_(request),
      extent_(extent),
      plan_(plan),
      values_(model.places().size()) {
  if (!plan.needs_tokens()) return;
  if (!tokens.defined())
    throw std::invalid_argument(
        "trace: the overwritten sites are no complete cut before what is recorded, so tokens are "
        "needed, and none were given");
  for (const Step& step : plan.steps())
    if (step.folded && place_of(step).by == Primitive::Sum)
      distinct_.emplace(places(), weights(), step.place, tokens);
}

Tensor Run::weight(const Place& place, size_t i) const {
  return i < place.weights.size() ? weights()[place.weights[i]] : Tensor();
}

void Run::set(const Step& step, const Tensor& value) {
  values_[step.place] = value;
  for (const int place : step.last_reads) values_[place].reset();
}

Tensor Run::read(int place, const Positions& positions) const {
  const Positions& present = plan_.find(place)->present;
  const Tensor& value = values_[place];
  if (positions == present) return value;
  return select(value, *places()[place].axis(Axis::Position), ranks(positions, present));
}

Tensor Run::read_map(int place, const Step& by) const {
  const Step& step = *plan_.find(place);
  const int64_t before = step.seen ? 0 : step.first_key;
  return read(place, by.computed).narrow(-1, by.first_key - before, by.n_keys - by.first_key);
}

Tensor Run::recorded(const Site& site) const {
  const int index = places().at(site.place);
  const Place& place = places()[index];
  Tensor value = read(index, positions_of(site, place, extent_.n_pos));
  if (!site.neurons.empty()) value = select(value, *place.axis(Axis::Neuron), site.neurons);
  if (site.head) value = value.select(*place.axis(Axis::Head), *site.head);
  std::vector<int64_t> sizes = value.sizes().vec();
  sizes[0] = extent_.batch;  // positional embeddings and broadcast overwrites have a batch of 1
  return value.expand(sizes);
}

bool Run::is_overwritten(int place) const {
  const Step* step = plan_.find(place);
  return step != nullptr && !step->overwrites.empty();
}

}  // namespace assay::interp::tracing
