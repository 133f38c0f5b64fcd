#include "tasks/max_of_four/derivation.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/composition.h"
#include "tasks/deriving.h"
#include "tasks/max_of_four/numbers.h"

namespace assay::tasks::max_of_four {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using circuits::Operation;
using interp::Site;

constexpr int64_t kLast = kCount - 1;

/// What the last position does on some rows.
struct Observations {
  Tensor stream;   ///< float64 [row, d_model]: after attention
  Tensor pattern;  ///< float64 [row, pos]: how it attends
};

Observations observe(const interp::Network& network, const Tensor& tokens,
                     const DeriveConfig& config) {
  constexpr int64_t kAtOnce = 8192;
  const std::vector<Site> sites = {{.place = hook::resid_post(0), .positions = {kLast}},
                                   {.place = hook::pattern(0), .positions = {kLast}}};
  std::vector<Tensor> streams, patterns;
  for (int64_t first = 0; first < tokens.size(0); first += kAtOnce) {
    const int64_t count = std::min(kAtOnce, tokens.size(0) - first);
    const auto trace = network.trace(tokens.narrow(0, first, count), {.record = sites});
    streams.push_back(trace.at(0).to(torch::kCPU).to(torch::kFloat64).flatten(1));
    patterns.push_back(trace.at(1).to(torch::kCPU).to(torch::kFloat64).flatten(1));
    if (config.on_progress) config.on_progress(first + count, tokens.size(0));
  }
  return {at::cat(streams), at::cat(patterns)};
}

/// What stands for each number: its label, int64 [n, 1], and a stream, float32 [n, d_model].
struct Prototypes {
  Tensor labels, streams;
};

/// The mean stream of the rows with each largest number.
Prototypes mean_streams(const Tensor& most, const Tensor& stream) {
  const Tensor counts = at::bincount(most, {}, kNumbers);
  if (counts.eq(0).any().item<bool>())
    throw std::invalid_argument(
        "derive: some number is the largest of no deriving input; take more of them, or the "
        "training part, which has the only row whose largest number is 0");
  Tensor sums = at::zeros({kNumbers, stream.size(1)}, torch::kFloat64);
  sums.index_add_(0, most, stream);
  return {at::arange(kNumbers).unsqueeze(1), (sums / counts.unsqueeze(1)).to(torch::kFloat32)};
}

// Where the tokens enter; positions are added behind it. The embedding of a number is the same
// vector everywhere, so it is read and written without an error.
Node numbers_node(const interp::Transformer& model) {
  const Site embedding{.place = hook::embed()};
  const std::vector<std::vector<int64_t>> each = {{0}, {1}, {2}, {3}};
  const std::vector<int64_t> positions = {0, 1, 2, 3};
  const Tensor embedded = model.weight("embed.W_E").detach().cpu().contiguous();
  const Tensor labels = at::arange(kNumbers).unsqueeze(1);
  return {.name = "numbers",
          .parents = {circuits::kTokens},
          .sites = {embedding},
          .reads = {embedding},
          .h = {.name = "tokens_at", .parameters = {{"positions", each}}, .tensors = {}},
          .alpha = {.name = "nearest_prototype",
                    .tensors = {{"prototypes", embedded}, {"labels", labels}}},
          .gamma = {.name = "write_prototypes",
                    .parameters = {{"positions", positions}},
                    .tensors = {{"prototypes", embedded},
                                {"labels", labels},
                                {"mean", at::zeros({kCount, embedded.size(1)})}}},
          .equality = {.name = "equal", .tensors = {}}};
}

Node where_node() {
  const Site pattern{.place = hook::pattern(0), .positions = {kLast}};
  return {.name = "where",
          .parents = {circuits::kTokens},
          .sites = {pattern},
          .reads = {pattern},
          .h = {.name = "where_largest", .tensors = {}},
          .alpha = {.name = "attended", .parameters = {{"share", .5}}, .tensors = {}},
          .gamma = {.name = "attend_evenly", .tensors = {}},
          .equality = {.name = "equal", .tensors = {}}};
}

/// @param positions  of the numbers whose largest is copied.
Node copied_node(const Prototypes& means, const std::vector<int64_t>& positions) {
  const Site stream{.place = hook::resid_post(0), .positions = {kLast}};
  const std::vector<int64_t> one = {0};
  return {.name = "copied",
          .parents = {"numbers"},
          .sites = {stream},
          .reads = {stream},
          .h = {.name = "largest", .parameters = {{"positions", positions}}, .tensors = {}},
          .alpha = {.name = "nearest_prototype",
                    .tensors = {{"prototypes", means.streams}, {"labels", means.labels}}},
          .gamma = {.name = "write_prototypes",
                    .parameters = {{"positions", one}},
                    .tensors = {{"prototypes", means.streams},
                                {"labels", means.labels},
                                {"mean", at::zeros({1, means.streams.size(1)})}}},
          .equality = {.name = "equal", .tensors = {}}};
}

Node answer_node(const std::vector<int64_t>& numbers, std::vector<std::string> parents,
                 const std::string& operation) {
  return tasks::answer_node("answer", std::move(parents), {.name = operation, .tensors = {}},
                            {.position = kLast, .answers = numbers, .d_vocab = kNumbers});
}

std::vector<Node> nodes_of(const std::string& variant, const interp::Transformer& model,
                           const Tensor& tokens, const Tensor& stream,
                           const std::vector<int64_t>& numbers) {
  std::vector<int64_t> copied = {0, 1, 2, 3};
  if (variant == "attend")
    return {numbers_node(model), where_node(),
            answer_node(numbers, {"numbers", "where"}, "number_where")};
  if (variant == "first-three") copied.pop_back();
  const Tensor most = tokens.narrow(1, 0, std::ssize(copied)).amax(1);
  return {numbers_node(model), copied_node(mean_streams(most, stream), copied),
          answer_node(numbers, {"copied"}, "same_number")};
}

std::string in_words(const std::string& variant) {
  if (variant == "attend") return "attending to the largest";
  return variant == "copy" ? "copying the largest" : "copying the largest of the first three";
}

/// How much of its attention the last position gives to the largest number, wherever that stands.
Evidence attention(const std::string& node, const Tensor& tokens, const Tensor& pattern) {
  const Tensor is_largest = tokens.eq(answers(tokens).unsqueeze(1));
  const Tensor mass = (pattern * is_largest).sum(1);
  const Tensor most = is_largest.gather(1, pattern.argmax(1, true)).sum();
  const auto hits = most.item<int64_t>();
  return {node,
          fmt::format("the last position attends most to a largest number in {} of {} rows, and "
                      "gives largest numbers {:.3f} of its attention on average, {:.3f} at least",
                      hits, tokens.size(0), mass.mean().item<double>(), mass.min().item<double>()),
          {{"hits", hits}, {"rows", tokens.size(0)}, {"least", mass.min().item<double>()}},
          hits == tokens.size(0)};
}

/// Does the head write what speaks for the number that it reads? Of W_E W_V W_O W_U, a row per
/// number read, the largest entry should be that of the number itself.
Evidence copying(const interp::Transformer& model) {
  const auto weight = [&](const char* name) {
    return model.weight(name).detach().to(torch::kCPU).to(torch::kFloat64);
  };
  const Tensor circuit = at::matmul(
      at::matmul(weight("embed.W_E"),
                 at::matmul(weight("blocks.0.attn.W_V")[0], weight("blocks.0.attn.W_O")[0])),
      weight("unembed.W_U"));
  const auto copied = circuit.argmax(1).eq(at::arange(kNumbers)).sum().item<int64_t>();
  return {"answer",
          fmt::format("by its weights, what the head writes for a number speaks most for that "
                      "number itself: {} of {}",
                      copied, kNumbers),
          {{"copied", copied}, {"numbers", kNumbers}},
          copied == kNumbers};
}

void require_one_head(const interp::TransformerConfig& config) {
  if (config.n_heads != std::vector<int64_t>{1} || config.d_mlp != 0)
    throw std::invalid_argument(
        "the interpretation of maximum-of-four networks speaks about one block of a single head "
        "without MLP");
}

}  // namespace

std::vector<std::string> variants() {
  return {"copy", "attend", "first-three"};
}

Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const std::string variant = variant_of(task, config);
  const interp::Transformer& model = interp::require_transformer(network, "deriving max-of-four");
  require_one_head(model.config());
  const auto [tokens, fitted_on] = fitting_inputs(task, config);
  const Observations all = observe(network, tokens, config);
  return derivation_of(
      {.title = fmt::format("Maximum of four by {}", in_words(variant)),
       .task = task.to_json(),
       .model_sha256 = {},
       .fitted_on = fitted_on,
       .output = "answer",
       .nodes = nodes_of(variant, model, tokens, all.stream, task.answers())},
      {attention(variant == "attend" ? "where" : "copied", tokens, all.pattern), copying(model)});
}

}  // namespace assay::tasks::max_of_four
