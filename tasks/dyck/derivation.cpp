#include "tasks/dyck/derivation.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <stdexcept>

#include "interp/files/files.h"
#include "interp/names.h"
#include "tasks/dyck/operations.h"

namespace assay::tasks::dyck {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using interp::Site;

const std::vector<std::pair<std::string, std::vector<std::string>>> kVariants = {
    {"depth-token", {"depth", "token"}},
    {"depth", {"depth"}},
    {"violation-token", {"violation", "token"}},
    {"violated-token", {"violated", "token"}}};

std::vector<std::string> facts_of(const std::string& variant) {
  for (const auto& [name, facts] : kVariants)
    if (name == variant) return facts;
  throw std::invalid_argument(fmt::format("unknown variant '{}' of dyck; {}", variant,
                                          interp::there_are(variants(), variant)));
}

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
  const Site logits{.place = hook::logits(), .positions = {0}};
  const std::vector<int64_t> answers = {kUnbalanced, kBalanced};
  return {.name = "answer",
          .parents = {"scan"},
          .sites = {logits},
          .reads = {logits},
          .h = {.name = "balanced_by", .parameters = {{"facts", facts}}, .tensors = {}},
          .alpha = {.name = "argmax_of", .parameters = {{"tokens", answers}}, .tensors = {}},
          .gamma = {.name = "write_answer",
                    .parameters = {{"tokens", answers}, {"d_vocab", kTokens}},
                    .tensors = {}},
          .equality = {.name = "equal", .tensors = {}}};
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

Derivation derive(const Task& task, const Strings& strings, const interp::Network& network,
                  const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const std::string variant = config.variant.empty() ? variants().front() : config.variant;
  const std::vector<std::string> facts = facts_of(variant);
  const interp::Transformer& model = interp::require_transformer(network, "deriving dyck");
  if (model.config().n_layers() != 2)
    throw std::invalid_argument(
        fmt::format("the interpretation of Dyck networks speaks about two blocks, the model has {}",
                    model.config().n_layers()));
  const int64_t count = config.inputs.value_or(strings.pass(config.part));
  if (count < 1) throw std::invalid_argument("derive: expected at least one input");
  const Tensor drawn = task.sample(config.part, config.seed, 0, count).tokens.contiguous();
  const std::string_view bytes(static_cast<const char*>(drawn.data_ptr()), drawn.nbytes());
  const Tensor tokens = std::get<0>(at::unique_dim(drawn, 0));  // each string once
  const Observations all = observe(network, tokens, facts);
  if (config.on_progress) config.on_progress(count, count);
  const auto reading = linear_reading(all);
  Derivation derivation{
      .interpretation = {.title = fmt::format("Dyck-1 by facts about prefixes ({})", variant),
                         .task = task.to_json(),
                         .model_sha256 = {},
                         .fitted_on = {{"part", to_string(config.part)},
                                       {"seed", config.seed},
                                       {"count", count},
                                       {"sha256", interp::sha256(bytes)}},
                         .output = "answer",
                         .nodes = {scan_node(facts, reading, written(all)), answer_node(facts)}},
      .evidence = evidence(all, facts, reading)};
  for (const Evidence& fact : derivation.evidence)
    derivation.interpretation.nodes[0].evidence.push_back(
        {{"statement", fact.statement}, {"value", fact.value}, {"supports", fact.supports}});
  return derivation;
}

}  // namespace assay::tasks::dyck
