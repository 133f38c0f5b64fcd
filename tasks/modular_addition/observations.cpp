#include "tasks/modular_addition/observations.h"

#include <torch/types.h>

#include <algorithm>
#include <limits>

#include "interp/execution/chunks.h"
#include "interp/network/network.h"
#include "tasks/modular_addition/pairs.h"

namespace assay::tasks::modular_addition {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using interp::Site;

constexpr int64_t kPairsPerRun = 512;  // of three tokens each

Site at_readout(std::string place) {
  return {.place = std::move(place), .positions = {kReadout}};
}

/// Runs `request(first, size)` chunk by chunk and joins what is recorded.
std::vector<Tensor> joined(
    int64_t n, const std::function<std::vector<Tensor>(int64_t first, int64_t size)>& trace) {
  const interp::Chunks chunks(n, kPairsPerRun);
  std::vector<std::vector<Tensor>> parts(chunks.count());
  chunks.for_each([&](const interp::Chunk& chunk) {
    const at::NoGradGuard no_grad;
    parts[chunk.index] = trace(chunk.first, chunk.count);
  });
  std::vector<Tensor> whole;
  for (size_t site = 0; site < parts.at(0).size(); ++site) {
    std::vector<Tensor> pieces;
    for (const auto& part : parts) pieces.push_back(part[site].select(1, 0).cpu());
    whole.push_back(at::cat(pieces));
  }
  return whole;
}

}  // namespace

Observations observe(const interp::Network& network, const Tensor& tokens) {
  const interp::TraceRequest request{
      .record = {at_readout(hook::resid_mid(0)), at_readout(hook::mlp_post(0)),
                 at_readout(hook::mlp_out(0)), at_readout(hook::logits())},
      .overwrite = {}};
  const auto recorded = joined(tokens.size(0), [&](int64_t first, int64_t size) {
    return network.trace(tokens.narrow(0, first, size).to(network.device()), request);
  });
  return {.mid = recorded[0], .hidden = recorded[1], .mlp_out = recorded[2], .logits = recorded[3]};
}

Tensor logits_with(const interp::Network& network, const Tensor& mid, const Tensor& mlp_out) {
  return joined(mid.size(0), [&](int64_t first, int64_t size) {
    const auto slice = [&](const Tensor& x) {
      return x.narrow(0, first, size).unsqueeze(1).to(network.device(), torch::kFloat32);
    };
    return network.trace({}, {.record = {at_readout(hook::logits())},
                              .overwrite = {{at_readout(hook::resid_mid(0)), slice(mid)},
                                            {at_readout(hook::mlp_out(0)), slice(mlp_out)}}});
  })[0];
}

Tensor LinearMap::operator()(const Tensor& x) const {
  return at::matmul(x.to(torch::kFloat64), weight) + bias;
}

LinearMap fit(const Tensor& x, const Tensor& y) {
  const Tensor x64 = x.to(torch::kFloat64), y64 = y.to(torch::kFloat64);
  const Tensor x_mean = x64.mean(0), y_mean = y64.mean(0);
  const double cutoff =
      std::numeric_limits<float>::epsilon() * static_cast<double>(std::max(x.size(0), x.size(1)));
  const Tensor weight = std::get<0>(at::linalg_lstsq(x64 - x_mean, y64 - y_mean, cutoff, "gelsd"));
  return {.weight = weight, .bias = y_mean - at::matmul(x_mean, weight)};
}

double explained(const LinearMap& map, const Tensor& x, const Tensor& y) {
  const Tensor y64 = y.to(torch::kFloat64);
  const double left = (y64 - map(x)).square().sum().item<double>();
  return 1 - left / (y64 - y64.mean(0)).square().sum().item<double>();
}

}  // namespace assay::tasks::modular_addition
