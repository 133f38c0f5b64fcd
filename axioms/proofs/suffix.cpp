#include "axioms/proofs/suffix.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "axioms/proofs/weights.h"
#include "circuits/interpretation/composition.h"
#include "circuits/interpretation/operations.h"
#include "interp/network/transformer.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using circuits::Node;

// A float32 tensor as integers in units of 2^-kUnit.
std::vector<Integer> all_units(const Tensor& tensor) {
  const Tensor flat = tensor.detach().to(torch::kCPU).to(torch::kFloat32).contiguous();
  std::vector<Integer> units;
  units.reserve(flat.numel());
  for (int64_t i = 0; i < flat.numel(); ++i) units.push_back(units_of(flat.data_ptr<float>()[i]));
  return units;
}

Integer dot(const Integer* left, const std::vector<Integer>& right) {
  Integer sum = 0;
  for (size_t i = 0; i < right.size(); ++i)
    if (!left[i].is_zero() && !right[i].is_zero()) sum += left[i] * right[i];
  return sum;
}

const Node& output_of(const circuits::Interpretation& interpretation) {
  return *std::ranges::find(interpretation.nodes, interpretation.output, &Node::name);
}

void require_form(const interp::Transformer& network,
                  const circuits::Interpretation& interpretation, const Node& node,
                  int64_t readout) {
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds) throw Untreated(fmt::format("node {}: {}", node.name, what));
  };
  require(node.gamma.name == "write_levels",
          fmt::format("what '{}' writes is not treated, only write_levels", node.gamma.name));
  require(network.config().pool == interp::Pooling::None && !network.config().head_dense,
          "what follows it is not linear: the network is pooled or has a head of two layers");
  const int64_t last = network.config().n_layers() - 1;
  const auto at_readout = [&](size_t i, const std::string& place) {
    return node.sites[i].place == place && node.sites[i].neurons.empty() &&
           node.sites[i].positions == std::vector<int64_t>{readout};
  };
  require(node.sites.size() == 2 && at_readout(0, interp::hook::resid_mid(last)) &&
              at_readout(1, interp::hook::mlp_post(last)),
          "it does not write the last block's stream and hidden neurons at the readout");
  const auto after = circuits::functions_after(interpretation, node.name);
  require(after.size() == 1 && after[0].name == "any",
          "the rest of the interpretation is not `any`");
  const circuits::Operation& decided = output_of(interpretation).alpha;
  require(decided.name == "argmax_of" &&
              circuits::parameter<std::vector<int64_t>>(decided, "tokens").size() == 2,
          "the output is not read as one of two tokens");
}

// Whatever the order in which float32 adds up Σ h W_out W_U, and even if W_out W_U is multiplied
// out first, every product passes through fewer roundings than there are terms along its way, and
// so does h = level in the file, which is exact. Each rounding is off by at most 2^-24, relatively.
double float32_error(const Tensor& stream, const Tensor& hidden, const BlockWeights& block,
                     const Tensor& towards_size) {
  const auto terms = static_cast<double>(hidden.size(0) + stream.size(0) + 8);
  const Tensor written =
      stream.abs() + at::matmul(hidden.abs(), block.W_out.abs()) + block.b_out.abs();
  const double share = terms * std::ldexp(1.0, -24) / (1 - terms * std::ldexp(1.0, -24));
  return 1.0001 * share * at::dot(written, towards_size).item<double>();
}

}  // namespace

AffineSuffix affine_suffix(const interp::Transformer& network,
                           const circuits::Interpretation& interpretation, const Node& node,
                           int64_t readout) {
  const Weights weights = weights_of(network);
  require_form(network, interpretation, node, readout);
  const auto answers =
      circuits::parameter<std::vector<int64_t>>(output_of(interpretation).alpha, "tokens");
  AffineSuffix suffix{.node = node.name, .on = answers[1], .off = answers[0], .readout = readout};

  const std::string block = fmt::format("blocks.{}.mlp.", network.config().n_layers() - 1);
  const int64_t d_mlp = network.config().d_mlp, d_model = network.config().d_model;
  const auto neurons = circuits::parameter<std::vector<int64_t>>(node.gamma, "neurons");
  const Tensor on = circuits::tensor_of(node.gamma, "on", {std::ssize(neurons)});
  const Tensor mean = circuits::tensor_of(node.gamma, "mean", {d_mlp});
  const Tensor stream = circuits::tensor_of(node.gamma, "stream", {d_model});
  if (std::ranges::any_of(neurons, [&](int64_t n) { return n < 0 || n >= d_mlp; }))
    throw Untreated(fmt::format("node {}: a neuron that does not exist", node.name));

  // D = U[on] - U[off], in units; what hidden neuron n adds per unit of itself is W_out[n] · D.
  const std::vector<Integer> U =
      all_units(network.W_U().t().index_select(0, torch::tensor({suffix.on, suffix.off})));
  std::vector<Integer> towards(d_model);
  for (int64_t i = 0; i < d_model; ++i) towards[i] = U[i] - U[d_model + i];
  const std::vector<Integer> W_out = all_units(network.weight(block + "W_out"));
  const auto added = [&](int64_t n) { return dot(&W_out[n * d_model], towards); };
  const auto vector_of = [&](const Tensor& x) {
    return from_units(dot(all_units(x).data(), towards), 2);
  };

  Rational base = vector_of(stream);
  if (const Tensor b_out = network.weight(block + "b_out"); b_out.defined())
    base += vector_of(b_out);
  if (const Tensor b_U = network.weight("unembed.b_U"); b_U.defined()) {
    const auto b = all_units(b_U);
    base += from_units(b[suffix.on] - b[suffix.off], 1);
  }
  const std::vector<Integer> means = all_units(mean), levels = all_units(on);
  Integer constant = 0;  // three factors
  for (int64_t n = 0; n < d_mlp; ++n)
    if (std::ranges::count(neurons, n) == 0 && !means[n].is_zero()) constant += means[n] * added(n);
  suffix.all_off = base + from_units(constant, 3);
  for (size_t k = 0; k < neurons.size(); ++k)
    suffix.bits.push_back(from_units(levels[k] * added(neurons[k]), 3));

  // With bit k on, those others that lower the difference are on in the worst state.
  Rational lowered = 0;
  for (const Rational& bit : suffix.bits)
    if (bit < 0) lowered += bit;
  for (size_t k = 0; k < suffix.bits.size(); ++k) {
    const Rational least =
        suffix.all_off + lowered + (suffix.bits[k] < 0 ? Rational(0) : suffix.bits[k]);
    if (k == 0 || least < suffix.least_on)
      suffix.least_on = least, suffix.least_on_bit = static_cast<int64_t>(k);
  }

  Tensor hidden = mean.to(torch::kFloat64).abs();
  hidden.index_copy_(0, torch::tensor(neurons), on.to(torch::kFloat64).abs());
  const Tensor towards_size =
      weights.W_U.select(1, suffix.on).abs() + weights.W_U.select(1, suffix.off).abs();
  suffix.error =
      float32_error(stream.to(torch::kFloat64), hidden, weights.blocks.back(), towards_size);
  return suffix;
}

std::vector<bool> failing_state(const AffineSuffix& suffix) {
  std::vector<bool> state(suffix.bits.size());
  if (suffix.all_off >= 0) return state;
  for (size_t k = 0; k < state.size(); ++k) state[k] = suffix.bits[k] < 0;
  state[suffix.least_on_bit] = true;
  return state;
}

Statement statement_of(const AffineSuffix& suffix) {
  Statement statement{.statement = kSuffix, .node = suffix.node};
  statement.verdict = suffix.holds() ? Verdict::Proved : Verdict::Refuted;
  const auto all_off = suffix.all_off.convert_to<double>();
  const auto least_on = suffix.least_on.convert_to<double>();
  statement.words = fmt::format(
      "all 2^{} states: the difference of the two logits is {:+.6f} with every bit off and at "
      "least "
      "{:+.6f} with any on, exactly",
      suffix.bits.size(), all_off, least_on);
  statement.proof = {{"kind", "affine"},
                     {"on", suffix.on},
                     {"off", suffix.off},
                     {"all_off", to_text(suffix.all_off)},
                     {"least_on", to_text(suffix.least_on)},
                     {"least_on_bit", suffix.least_on_bit}};
  const double margin = std::min(-all_off, least_on);
  if (statement.verdict == Verdict::Proved) statement.margin = margin;
  statement.float32 = {
      .error = suffix.error,
      .shown = margin > suffix.error,
      .words = fmt::format("any order of the sums moves it by at most {:.2g}{}", suffix.error,
                           margin > suffix.error ? "" : ": not shown in float32")};
  return statement;
}

}  // namespace assay::proofs
