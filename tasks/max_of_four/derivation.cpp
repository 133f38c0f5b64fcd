#include "tasks/max_of_four/derivation.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/composition.h"
#include "interp/files/files.h"
#include "interp/names.h"
#include "tasks/max_of_four/numbers.h"

namespace assay::tasks::max_of_four {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using circuits::Operation;
using interp::Site;

constexpr int64_t kLast = kCount - 1;

/// What a variant says the stream holds, how many values that has, and what it is called.
struct Variant {
  std::string words;
  Operation value;
  int64_t values;
};

Variant variant_named(const std::string& name) {
  const auto reading = [](const std::vector<int64_t>& positions, const char* operation) {
    const std::vector<std::vector<int64_t>> groups = {positions};
    return circuits::chain(
        {{.name = "tokens_at", .parameters = {{"positions", groups}}, .tensors = {}},
         {.name = operation, .tensors = {}}});
  };
  if (name == "largest") return {"the largest", reading({0, 1, 2, 3}, "largest"), kNumbers};
  if (name == "first-three")
    return {"the largest of the first three", reading({0, 1, 2}, "largest"), kNumbers};
  if (name == "largest-and-last")
    return {"the largest and the last", reading({0, 1, 2, 3}, "largest_and_last"),
            kNumbers * (kNumbers + 1) / 2};
  interp::refuse_name("variant", name, variants());
}

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

/// The mean stream of each value that occurs.
struct Prototypes {
  Tensor labels;  ///< int64 [values, k], ascending
  Tensor means;   ///< float32 [values, d_model]
};

Prototypes prototypes(const Tensor& values, const Tensor& stream, const Variant& variant) {
  const auto [labels, label, counts] = at::unique_dim(values.flatten(1), 0, true, true, true);
  if (labels.size(0) != variant.values)
    throw std::invalid_argument(fmt::format(
        "derive: {} of the {} values of '{}' occur among the deriving inputs; take more of them, "
        "or the training part, which has the only row whose largest number is 0",
        labels.size(0), variant.values, variant.words));
  Tensor sums = at::zeros({labels.size(0), stream.size(1)}, torch::kFloat64);
  sums.index_add_(0, label, stream);
  return {labels, (sums / counts.unsqueeze(1)).to(torch::kFloat32)};
}

Node copied_node(const Variant& variant, const Prototypes& means) {
  const Site stream{.place = hook::resid_post(0), .positions = {kLast}};
  const std::vector<int64_t> one = {0};
  return {.name = "copied",
          .parents = {circuits::kTokens},
          .sites = {stream},
          .reads = {stream},
          .h = variant.value,
          .alpha = {.name = "nearest_prototype",
                    .tensors = {{"prototypes", means.means}, {"labels", means.labels}}},
          .gamma = {.name = "write_prototypes",
                    .parameters = {{"positions", one}},
                    .tensors = {{"prototypes", means.means},
                                {"labels", means.labels},
                                {"mean", at::zeros({1, means.means.size(1)})}}},
          .equality = {.name = "equal", .tensors = {}}};
}

Node answer_node(const std::vector<int64_t>& numbers) {
  const Site logits{.place = hook::logits(), .positions = {kLast}};
  return {.name = "answer",
          .parents = {"copied"},
          .sites = {logits},
          .reads = {logits},
          .h = {.name = "first_number", .tensors = {}},
          .alpha = {.name = "argmax_of", .parameters = {{"tokens", numbers}}, .tensors = {}},
          .gamma = {.name = "write_answer",
                    .parameters = {{"tokens", numbers}, {"d_vocab", kNumbers}},
                    .tensors = {}},
          .equality = {.name = "equal", .tensors = {}}};
}

/// How much of its attention the last position gives to the largest number, wherever that stands.
Evidence attention(const Tensor& tokens, const Tensor& pattern) {
  const Tensor is_largest = tokens.eq(answers(tokens).unsqueeze(1));
  const Tensor mass = (pattern * is_largest).sum(1);
  const Tensor most = is_largest.gather(1, pattern.argmax(1, true)).sum();
  const auto hits = most.item<int64_t>();
  return {"copied",
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
  return {"copied",
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
  return {"largest", "largest-and-last", "first-three"};
}

Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const Variant variant =
      variant_named(config.variant.empty() ? variants().front() : config.variant);
  const interp::Transformer& model = interp::require_transformer(network, "deriving max-of-four");
  require_one_head(model.config());
  const int64_t count = config.inputs.value_or(task.need<Interpretations>().inputs(config.part));
  if (count < 1) throw std::invalid_argument("derive: expected at least one input");
  const Tensor tokens = task.sample(config.part, config.seed, 0, count).tokens.contiguous();
  const std::string_view bytes(static_cast<const char*>(tokens.data_ptr()), tokens.nbytes());
  const Observations all = observe(network, tokens, config);
  const Tensor values = circuits::make(all_operations().functions, variant.value)({tokens});
  Derivation derivation{
      .interpretation = {.title = fmt::format("Maximum of four by copying {}", variant.words),
                         .task = task.to_json(),
                         .model_sha256 = {},
                         .fitted_on = {{"part", to_string(config.part)},
                                       {"seed", config.seed},
                                       {"count", count},
                                       {"sha256", interp::sha256(bytes)}},
                         .output = "answer",
                         .nodes = {copied_node(variant, prototypes(values, all.stream, variant)),
                                   answer_node(task.answers())}},
      .evidence = {attention(tokens, all.pattern), copying(model)}};
  for (const Evidence& fact : derivation.evidence)
    derivation.interpretation.nodes[0].evidence.push_back(
        {{"statement", fact.statement}, {"value", fact.value}, {"supports", fact.supports}});
  return derivation;
}

}  // namespace assay::tasks::max_of_four
