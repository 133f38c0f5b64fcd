#include "tasks/dyck/derivation.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <stdexcept>

#include "tasks/deriving.h"
#include "tasks/dyck/operations.h"
#include "tasks/dyck/strings.h"

namespace assay::tasks::dyck {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using interp::Site;

using Variant = std::pair<std::string, std::vector<std::string>>;  ///< its name, and its facts
const std::vector<Variant> kVariants = {{"depth-token", {"depth", "token"}},
                                        {"depth", {"depth"}},
                                        {"violation-token", {"violation", "token"}},
                                        {"violated-token", {"violated", "token"}}};

/// The residual stream after block 0 on some strings, and the facts about their prefixes.
struct Observations {
  Tensor stream;  ///< float64 [input, pos, d_model]
  Tensor facts;   ///< float64 [input, pos, facts]
};

Observations observe(const interp::Network& network, const Tensor& tokens,
                     const std::vector<std::string>& facts) {
  constexpr int64_t kAtOnce = 1024;
  std::vector<Tensor> streams;
  for (int64_t first = 0; first < tokens.size(0); first += kAtOnce) {
    const Tensor some = tokens.narrow(0, first, std::min(kAtOnce, tokens.size(0) - first));
    const auto trace = network.trace(some, {.record = {Site{.place = hook::resid_post(0)}}});
    streams.push_back(trace.at(0).to(torch::kCPU).to(torch::kFloat64));
  }
  const circuits::Operation h{
      .name = "prefix_facts", .parameters = {{"facts", facts}}, .tensors = {}};
  return {.stream = at::cat(streams), .facts = prefix_facts(h)({tokens})};
}

struct Reading {
  Tensor weight;  ///< [pos, d_model, facts]
  Tensor bias;    ///< [pos, facts]
};

/// Least squares with a constant, at each position. Of several best maps the one with the smallest
/// weights: at early positions few prefixes occur.
Reading linear_reading(const Observations& all) {
  const Tensor x = all.stream.transpose(0, 1), y = all.facts.transpose(0, 1);  // [pos, input, …]
  const Tensor extended = at::cat({x, at::ones({x.size(0), x.size(1), 1}, x.options())}, 2);
  const Tensor map = at::matmul(at::linalg_pinv(extended, 1e-6), y);
  return {map.narrow(1, 0, x.size(2)).contiguous(), map.select(1, x.size(2)).contiguous()};
}

/// The mean stream of each position and facts. What does not occur at a position has zeros, which
/// nobody writes.
circuits::Operation written(const Observations& all) {
  const int64_t n_pos = all.stream.size(1), d_model = all.stream.size(2);
  const auto [labels, label, counts] = at::unique_dim(all.facts.flatten(0, 1), 0, true, true);
  const Tensor of_input = label.view({all.facts.size(0), n_pos});
  const Tensor place = of_input + at::arange(n_pos, torch::kInt64) * labels.size(0);
  const Tensor rows = place.flatten();
  Tensor sums = at::zeros({n_pos * labels.size(0), d_model}, torch::kFloat64);
  sums.index_add_(0, rows, all.stream.flatten(0, 1));
  const Tensor count = at::bincount(rows, {}, sums.size(0)).clamp_min(1).unsqueeze(1);
  return {.name = "write_by_position",
          .tensors = {{"labels", labels},
                      {"prototypes",
                       (sums / count).to(torch::kFloat32).view({n_pos, labels.size(0), d_model})}}};
}

Node scan_node(const std::vector<std::string>& facts, const Reading& reading,
               const circuits::Operation& gamma) {
  const Site stream{.place = hook::resid_post(0)};
  return {.name = "scan",
          .parents = {circuits::kTokens},
          .sites = {stream},
          .reads = {stream},
          .h = {.name = "prefix_facts", .parameters = {{"facts", facts}}, .tensors = {}},
          .alpha = {.name = "read_by_position",
                    .tensors = {{"weight", reading.weight}, {"bias", reading.bias}}},
          .gamma = gamma,
          .equality = {.name = "equal", .tensors = {}}};
}

Node answer_node(const std::vector<std::string>& facts) {
  return tasks::answer_node(
      "answer", {"scan"}, {.name = "balanced_by", .parameters = {{"facts", facts}}, .tensors = {}},
      {.position = 0, .answers = {kUnbalanced, kBalanced}, .d_vocab = kTokens});
}

/// How well the linear maps read each fact.
std::vector<Evidence> evidence(const Observations& all, const std::vector<std::string>& facts,
                               const Reading& reading) {
  const Tensor read = at::einsum("ipd,pdk->ipk", {all.stream, reading.weight}) + reading.bias;
  const Tensor wrong = at::round(read).ne(all.facts);
  std::vector<Evidence> list;
  for (size_t k = 0; k < facts.size(); ++k) {
    const auto column = static_cast<int64_t>(k);
    const Tensor fact = all.facts.select(2, column);
    const double left = (read.select(2, column) - fact).square().sum().item<double>();
    const double share = 1 - left / (fact - fact.mean()).square().sum().item<double>();
    const auto misread = wrong.select(2, column).sum().item<int64_t>();
    list.push_back(
        {"scan",
         fmt::format(
             "a linear map of the stream after block 0, one per position, explains {:.4f} of the "
             "variance of '{}' over prefixes, and rounds to another number on {} of {} prefixes",
             share, facts[k], misread, fact.numel()),
         {{"fact", facts[k]}, {"explained", share}, {"misread", misread}},
         misread == 0});
  }
  return list;
}

}  // namespace

std::vector<std::string> variants() {
  std::vector<std::string> names;
  for (const auto& [name, facts] : kVariants) names.push_back(name);
  return names;
}

Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const std::string variant = variant_of(task, config);
  const std::vector<std::string>& facts =
      std::ranges::find(kVariants, variant, &Variant::first)->second;
  const interp::Transformer& model = interp::require_transformer(network, "deriving dyck");
  if (model.config().n_layers() != 2)
    throw std::invalid_argument(
        fmt::format("the interpretation of Dyck networks speaks about two blocks, the model has {}",
                    model.config().n_layers()));
  const FittingInputs drawn = fitting_inputs(task, config);
  const Tensor tokens = std::get<0>(at::unique_dim(drawn.tokens, 0));  // each string once
  const Observations all = observe(network, tokens, facts);
  const int64_t count = drawn.tokens.size(0);
  if (config.on_progress) config.on_progress(count, count);
  const auto reading = linear_reading(all);
  return derivation_of({.title = fmt::format("Dyck-1 by facts about prefixes ({})", variant),
                        .task = task.to_json(),
                        .model_sha256 = {},
                        .fitted_on = drawn.fitted_on,
                        .output = "answer",
                        .nodes = {scan_node(facts, reading, written(all)), answer_node(facts)}},
                       evidence(all, facts, reading));
}

}  // namespace assay::tasks::dyck
