#include "interp/tracing/run.h"

#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/tracing/selection.h"

namespace assay::interp::tracing {
namespace {

using at::Tensor;

std::vector<Site> sites_of(const std::vector<Overwrite>& overwrites) {
  std::vector<Site> sites;
  for (const Overwrite& overwrite : overwrites) sites.push_back(overwrite.site);
  return sites;
}

}  // namespace

Run::Run(const Transformer& model, const Tensor& tokens, const TraceRequest& request,
         const Extent& extent)
    : model_(model),
      tokens_(tokens),
      request_(request),
      extent_(extent),
      plan_(model.config(), request.record, sites_of(request.overwrite), extent.n_pos) {
  if (!plan_.needs_tokens()) return;
  if (!tokens.defined())
    throw std::invalid_argument(
        "trace: the overwritten sites are no complete cut before what is recorded, so tokens are "
        "needed, and none were given");
  const Step* stream = plan_.find({Hook::ResidPre, 0});
  if (stream && stream->folded) distinct_.emplace(model, tokens);
}

Tensor Run::read(const Place& place, const Positions& positions) const {
  const Positions& present = plan_.find(place)->present;
  const Tensor& value = values_.at(place);
  if (positions == present) return value;
  return select(value, position_axis(place.hook), ranks(positions, present));
}

Tensor Run::recorded(const Site& site) const {
  Tensor value = read(site.place, positions_of(site));
  if (site.head) value = value.select(head_axis(site.place.hook), *site.head);
  if (!site.neurons.empty()) value = select(value, 2, site.neurons);
  std::vector<int64_t> sizes = value.sizes().vec();
  sizes[0] = extent_.batch;  // positional embeddings and broadcast overwrites have a batch of 1
  return value.expand(sizes);
}

std::vector<const Overwrite*> Run::overwrites_of(const Place& place) const {
  std::vector<const Overwrite*> found;
  for (const Overwrite& overwrite : request_.overwrite)
    if (overwrite.site.place == place) found.push_back(&overwrite);
  return found;
}

bool Run::is_seen(const Place& place) const {
  return std::ranges::any_of(request_.record, [&](auto& site) { return site.place == place; }) ||
         is_overwritten(place);
}

Positions Run::positions_of(const Site& site) const {
  return site.positions.empty() ? positions_up_to(extent_.n_pos) : site.positions;
}

}  // namespace assay::interp::tracing
