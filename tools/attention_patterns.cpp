#include "tools/attention_patterns.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <cmath>

#include "tools/plural.h"

namespace assay::tools {
namespace {

std::vector<std::vector<double>> rounded(const at::Tensor& pattern) {
  const at::Tensor shares = (pattern.to(torch::kCPU, torch::kFloat64) * 1e4).round().contiguous();
  std::vector<std::vector<double>> rows;
  for (int64_t from = 0; from < shares.size(0); ++from) {
    const double* row = shares.data_ptr<double>() + from * shares.size(1);
    rows.emplace_back(row, row + shares.size(1));
    for (double& share : rows.back()) share = std::isfinite(share) ? share / 1e4 : 0;
  }
  return rows;
}

}  // namespace

AttentionPatterns attention_patterns(const interp::Network& network,
                                     const interp::attribution::Sequence& tokens,
                                     const interp::attribution::Framing& framing) {
  interp::TraceRequest request;
  int64_t heads = 0;
  for (const interp::Place& place : network.places().all) {
    if (place.by != interp::Primitive::Softmax) continue;
    request.record.push_back({.place = place.name});
    heads += static_cast<int64_t>(place.size(interp::Axis::Head));
  }
  AttentionPatterns patterns;
  if (heads == 0) return patterns;
  const auto length = static_cast<int64_t>(tokens.size());
  if (heads * length * length > kMostShares) {
    patterns.left_out =
        fmt::format("{} over {} would be more than {} shares; explain a shorter input to see them",
                    counted(heads, "head"), counted(length, "token"), interp::grouped(kMostShares));
    return patterns;
  }
  const at::NoGradGuard no_grad;
  const at::Tensor row = torch::tensor(tokens, torch::kInt64).unsqueeze(0);
  const std::vector<at::Tensor> layers =
      network.trace(interp::attribution::framed(row, framing), request);
  for (size_t layer = 0; layer < layers.size(); ++layer)
    for (int64_t head = 0; head < layers[layer].size(1); ++head)
      patterns.heads.push_back(
          {fmt::format("block {}, head {}", layer + 1, head + 1),
           rounded(layers[layer][0][head].slice(0, -length).slice(1, -length))});
  return patterns;
}

}  // namespace assay::tools
