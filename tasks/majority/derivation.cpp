#include "tasks/majority/derivation.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/composition.h"
#include "tasks/deriving.h"
#include "tasks/majority/operations.h"

namespace assay::tasks::majority {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using circuits::Operation;
using interp::Site;

struct Observations {
  Tensor tokens;   ///< int64 [input, pos], each string once
  Tensor stream;   ///< float64 [input, d_model], after attention, at the last position
  Tensor pattern;  ///< float64 [input, pos]: how the last position attends
};

Observations observe(const interp::Network& network, const Tensor& tokens, int64_t readout) {
  const auto trace =
      network.trace(tokens, {.record = {Site{.place = hook::resid_mid(0), .positions = {readout}},
                                        Site{.place = hook::pattern(0), .positions = {readout}}}});
  const auto plain = [](const Tensor& t) { return t.to(torch::kCPU).to(torch::kFloat64); };
  return {.tokens = tokens,
          .stream = plain(trace.at(0)).select(1, 0),
          .pattern = plain(trace.at(1)).reshape({tokens.size(0), -1})};
}

/// y ≈ x · weight + bias, by least squares. Of several best maps the one with the least weights.
struct Affine {
  Tensor weight;  ///< [in, out]
  Tensor bias;    ///< [out]
  Tensor of(const Tensor& x) const { return at::matmul(x, weight) + bias; }
};

Affine fitted(const Tensor& x, const Tensor& y) {
  const Tensor extended = at::cat({x, at::ones({x.size(0), 1}, x.options())}, 1);
  const Tensor map = at::matmul(at::linalg_pinv(extended, 1e-6), y);
  return {map.narrow(0, 0, x.size(1)).contiguous(), map.select(0, x.size(1)).contiguous()};
}

Operation counting(const std::vector<int64_t>& weights) {
  return {.name = "count_tokens", .parameters = {{"weights", weights}}, .tensors = {}};
}

Operation compared_with(double threshold) {
  return {.name = "above", .parameters = {{"threshold", threshold}}, .tensors = {}};
}

const Operation kAny{.name = "any", .tensors = {}};

/// The threshold on the number of ones that gives most strings their right answer.
double best_threshold(const Tensor& ones, const Tensor& right) {
  const auto most = ones.max().item<int64_t>();
  int64_t best = -1, agreed = -1;
  for (int64_t threshold = 0; threshold <= most; ++threshold) {
    const auto alike = ones.gt(threshold).eq(right.eq(kOne)).sum().item<int64_t>();
    if (alike > agreed) agreed = alike, best = threshold;
  }
  return static_cast<double>(best) + .5;
}

/// What a variant says: the value of `count`, and how the answer follows from it.
struct Variant {
  std::string words;     ///< what the value is
  Operation counts;      ///< the number that is read from the stream
  bool is_sign = false;  ///< the value is whether this number is positive, not the number
  Operation answer;

  Operation value() const { return is_sign ? circuits::chain({counts, compared_with(0)}) : counts; }
};

Variant variant_named(const std::string& name, const Tensor& tokens) {
  const Operation any{.name = "any", .tensors = {}}, difference = counting({-1, 1, 0, 0});
  if (name == "sign") return {"whether there are more ones", difference, true, any};
  if (name == "difference")
    return {"ones minus zeros", difference, false, circuits::chain({compared_with(0), any})};
  const double threshold = best_threshold(tokens.eq(kOne).sum(1), answers(tokens));
  return {"the number of ones", counting({0, 1, 0, 0}), false,
          circuits::chain({compared_with(threshold), any})};
}

// A truth is read where the difference is read as positive: the least squares map to 0 and 1 would
// have no reason to be right next to a tie.
Node count_node(const Variant& variant, const Affine& read, const Affine& written,
                int64_t readout) {
  const Site stream{.place = hook::resid_mid(0), .positions = {readout}};
  const std::vector<int64_t> shape = {1};
  Node node{.name = "count",
            .parents = {circuits::kTokens},
            .sites = {stream},
            .reads = {stream},
            .h = variant.value(),
            .alpha = {.name = "linear",
                      .parameters = {{"decimals", 0}},
                      .tensors = {{"weight", read.weight}, {"bias", read.bias}}},
            .gamma = {.name = "write_value",
                      .parameters = {{"kind", variant.is_sign ? "truth" : "number"}},
                      .tensors = {{"weight", written.weight}, {"bias", written.bias}}},
            .equality = {.name = "equal", .tensors = {}}};
  if (variant.is_sign)
    node.alpha = {.name = "read_value",
                  .parameters = {{"kind", "truth"}, {"shape", shape}},
                  .tensors = {{"weight", read.weight}, {"bias", read.bias + .5}}};
  return node;
}

Node answer_node(const Variant& variant, int64_t readout) {
  return tasks::answer_node("answer", {"count"}, variant.answer,
                            {.position = readout, .answers = {kZero, kOne}, .d_vocab = kTokens});
}

/// How evenly the last position attends, and how well the number is read.
std::vector<Evidence> evidence(const Tensor& pattern, const Tensor& counts, const Tensor& read) {
  const Tensor even = pattern * static_cast<double>(pattern.size(1));
  const double least = even.min().item<double>(), most = even.max().item<double>();
  const double left = (read - counts).square().sum().item<double>();
  const double share = 1 - left / (counts - counts.mean()).square().sum().item<double>();
  const double farthest = (read - counts).abs().max().item<double>();
  return {{"count",
           fmt::format("the last position gives every position {:.2f} to {:.2f} times the weight "
                       "of even attention",
                       least, most),
           {{"least", least}, {"most", most}},
           least > .5 && most < 2},
          {"count",
           fmt::format("a linear map of the stream after attention explains {:.6f} of the variance "
                       "of the number that is read, and is off by at most {:.3f}",
                       share, farthest),
           {{"explained", share}, {"farthest", farthest}},
           farthest < .5}};
}

}  // namespace

std::vector<std::string> variants() {
  return {"difference", "ones", "sign"};
}

Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const std::string name = variant_of(task, config);
  const auto& heads = interp::require_transformer(network, "deriving majority").config().n_heads;
  if (heads != std::vector<int64_t>{1})
    throw std::invalid_argument(
        "the interpretation of majority networks speaks about one block with one head");
  const int64_t readout = task.readout();
  const FittingInputs drawn = fitting_inputs(task, config);
  const Observations all = observe(network, std::get<0>(at::unique_dim(drawn.tokens, 0)), readout);
  const Variant variant = variant_named(name, all.tokens);
  const Tensor counts = count_tokens(variant.counts)({all.tokens}).to(torch::kFloat64);
  const Tensor values = variant.is_sign ? counts.gt(0).to(torch::kFloat64) : counts;
  const Affine read = fitted(all.stream, counts), written = fitted(values, all.stream);
  const int64_t count = drawn.tokens.size(0);
  if (config.on_progress) config.on_progress(count, count);
  return derivation_of(
      {.title = fmt::format("Binary majority by {}", variant.words),
       .task = task.to_json(),
       .model_sha256 = {},
       .fitted_on = drawn.fitted_on,
       .output = "answer",
       .nodes = {count_node(variant, read, written, readout), answer_node(variant, readout)}},
      evidence(all.pattern, counts, read.of(all.stream)));
}

}  // namespace assay::tasks::majority
