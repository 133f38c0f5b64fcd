#include "tasks/induction/derivation.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "tasks/deriving.h"
#include "tasks/induction/pairs.h"

namespace assay::tasks::induction {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using interp::Site;

constexpr int64_t kLast = kRow - 1;

std::vector<int64_t> counted_from(int64_t first, int64_t count) {
  std::vector<int64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

/// The places of the list that have a symbol of it in front of them.
std::vector<int64_t> behind_another() {
  return counted_from(2, kLength - 1);
}

Site previous_site() {
  return {.place = hook::attn_out(0), .positions = behind_another()};
}
Site match_site() {
  return {.place = hook::pattern(1), .positions = {kLast}};
}
/// Behind the stream and not at what block 1 writes to it: the query itself, which the stream
/// holds, reaches the answer as well, and only the sum of both is a complete cut.
Site copied_site() {
  return {.place = hook::resid_post(1), .positions = {kLast}};
}

/// What the two heads do on some rows.
struct Observations {
  Tensor previous;  ///< float64 [row, kLength - 1, d_model]: what block 0 writes in the list
  Tensor between;   ///< float64 [row, kRow, d_model]: the stream between the blocks
  Tensor copied;    ///< float64 [row, d_model]: the stream behind block 1 at the last position
  Tensor back;      ///< float64 [row, kLength - 1, pos]: how the places of the list attend
  Tensor match;     ///< float64 [row, pos]: how the last position attends
};

Observations observe(const interp::Network& network, const Tensor& tokens,
                     const DeriveConfig& config) {
  constexpr int64_t kAtOnce = 4096;
  const std::vector<Site> sites = {previous_site(),
                                   copied_site(),
                                   {.place = hook::pattern(0), .positions = behind_another()},
                                   match_site(),
                                   {.place = hook::resid_post(0)}};
  std::vector<std::vector<Tensor>> parts(sites.size());
  for (int64_t first = 0; first < tokens.size(0); first += kAtOnce) {
    const int64_t count = std::min(kAtOnce, tokens.size(0) - first);
    const auto trace = network.trace(tokens.narrow(0, first, count), {.record = sites});
    for (size_t i = 0; i < sites.size(); ++i)
      parts[i].push_back(trace.at(i).to(torch::kCPU).to(torch::kFloat64));
    if (config.on_progress) config.on_progress(first + count, tokens.size(0));
  }
  return {.previous = at::cat(parts[0]),
          .between = at::cat(parts[4]),
          .copied = at::cat(parts[1]).squeeze(1),
          .back = at::cat(parts[2]).squeeze(1),
          .match = at::cat(parts[3]).flatten(1)};
}

/// The mean of what is written where each symbol is meant: float32 [rows.symbols, d_model].
/// @param symbols  int64 [n]. @param written  float64 [n, d_model].
Tensor means(const Rows& rows, const Tensor& symbols, const Tensor& written) {
  const Tensor counts = at::bincount(symbols, {}, rows.symbols);
  if (counts.eq(0).any().item<bool>())
    throw std::invalid_argument(
        "derive: some symbol never occurs where it is needed among the deriving inputs; take more");
  Tensor sums = at::zeros({rows.symbols, written.size(1)}, torch::kFloat64);
  sums.index_add_(0, symbols, written);
  return (sums / counts.unsqueeze(1)).to(torch::kFloat32);
}

/// A node that holds a symbol at each of some positions, as a vector that is the same at each.
Node symbols_node(const std::string& name, const Site& site, const Tensor& prototypes) {
  const Tensor labels = at::arange(prototypes.size(0)).unsqueeze(1);
  const std::vector<int64_t> positions = counted_from(0, std::ssize(site.positions));
  const Tensor mean = at::zeros({std::ssize(positions), prototypes.size(1)});
  return {.name = name,
          .parents = {circuits::kTokens},
          .sites = {site},
          .reads = {site},
          .h = {},
          .alpha = {.name = "nearest_prototype",
                    .tensors = {{"prototypes", prototypes}, {"labels", labels}}},
          .gamma = {.name = "write_prototypes",
                    .parameters = {{"positions", positions}},
                    .tensors = {{"prototypes", prototypes}, {"labels", labels}, {"mean", mean}}},
          .equality = {.name = "equal", .tensors = {}}};
}

circuits::Operation tokens_at(const std::vector<int64_t>& positions) {
  std::vector<std::vector<int64_t>> each;
  for (const int64_t position : positions) each.push_back({position});
  return {.name = "tokens_at", .parameters = {{"positions", each}}, .tensors = {}};
}

Node previous_node(const Rows& rows, const Tensor& tokens, const Observations& all) {
  const Tensor before = tokens.narrow(1, 1, kLength - 1).flatten();
  Node node =
      symbols_node("previous", previous_site(), means(rows, before, all.previous.flatten(0, 1)));
  node.h = tokens_at(counted_from(1, kLength - 1));
  return node;
}

Node match_node() {
  return {.name = "match",
          .parents = {"previous", circuits::kTokens},
          .sites = {match_site()},
          .reads = {match_site()},
          .h = {.name = "position_behind",
                .parameters = {{"positions", behind_another()}},
                .tensors = {}},
          .alpha = {.name = "most_attended", .tensors = {}},
          .gamma = {.name = "attend_to", .parameters = {{"keys", kRow}}, .tensors = {}},
          .equality = {.name = "equal", .tensors = {}}};
}

// All variants read and write a symbol alike, by the streams of rows with that answer. They differ
// in where it comes from.
Node copied_node(const Rows& rows, const std::string& variant, const Tensor& tokens,
                 const Observations& all) {
  Node node = symbols_node("copied", copied_site(), means(rows, answers(tokens), all.copied));
  if (variant == "offset") {
    node.h = tokens_at({kFixed});
  } else if (variant == "pairs") {
    node.parents = {"pairs"};
    node.h = {.name = "symbol_behind_query", .tensors = {}};
  } else {
    node.parents = {"match", circuits::kTokens};
    node.h = {.name = "token_there", .parameters = {{"symbols", rows.symbols}}, .tensors = {}};
  }
  return node;
}

Node answer_node(const Rows& rows) {
  return tasks::answer_node(
      "answer", {"copied"}, {.name = "same_token", .tensors = {}},
      {.position = kLast, .answers = counted_from(0, rows.symbols), .d_vocab = rows.tokens()});
}

/// How often attention is largest where it should be, and how much of it is there. It speaks for
/// the interpretation if that is so in 99% of the cases.
/// @param pattern  [n, pos]. @param where  int64 [n].
Evidence attention(const std::string& node, const std::string& what, const Tensor& pattern,
                   const Tensor& where) {
  const Tensor mass = pattern.gather(1, where.unsqueeze(1));
  const auto hits = pattern.argmax(1).eq(where).sum().item<int64_t>();
  const int64_t n = where.size(0);
  const double mean = mass.mean().item<double>(), least = mass.min().item<double>();
  return {node,
          fmt::format("{} in {} of {} cases, with {:.3f} of the attention on average, {:.3f} at "
                      "least",
                      what, hits, n, mean, least),
          {{"hits", hits}, {"cases", n}, {"mean", mean}, {"least", least}},
          100 * hits >= 99 * n};
}

/// Does block 1's head write what speaks for the symbol that it reads? Of W_E W_V W_O W_U, a row
/// per symbol read, the largest entry should be that of the symbol itself.
Evidence copying(const Rows& rows, const interp::Transformer& model) {
  const auto weight = [&](const char* name) {
    return model.weight(name).detach().to(torch::kCPU).to(torch::kFloat64);
  };
  const Tensor circuit = at::matmul(
      at::matmul(weight("embed.W_E"),
                 at::matmul(weight("blocks.1.attn.W_V")[0], weight("blocks.1.attn.W_O")[0])),
      weight("unembed.W_U"));
  const Tensor symbols = circuit.narrow(0, 0, rows.symbols).narrow(1, 0, rows.symbols);
  const auto copied = symbols.argmax(1).eq(at::arange(rows.symbols)).sum().item<int64_t>();
  return {"copied",
          fmt::format("by its weights, what block 1's head writes for a symbol speaks most for "
                      "that symbol itself: {} of {}{}",
                      copied, rows.symbols,
                      model.config().norm == interp::Norm::None ? "" : " (norms left out)"),
          {{"copied", copied}, {"symbols", rows.symbols}},
          copied == rows.symbols};
}

std::vector<Evidence> evidence(const Rows& rows, const std::string& variant,
                               const interp::Transformer& model, const Tensor& tokens,
                               const Observations& all) {
  if (variant == "offset")
    return {
        attention("copied", fmt::format("the last position attends most to position {}", kFixed),
                  all.match, at::full({tokens.size(0)}, kFixed, torch::kInt64)),
        copying(rows, model)};
  const Tensor one_back = at::arange(1, kLength).repeat({tokens.size(0)});
  const bool pairs = variant == "pairs";
  return {attention(pairs ? "pairs" : "previous",
                    "a place of the list attends most to the one in front of it",
                    all.back.flatten(0, 1), one_back),
          attention(pairs ? "copied" : "match",
                    "the last position attends most to what stands behind the query", all.match,
                    places(tokens) + 2),
          copying(rows, model)};
}

std::string in_words(const std::string& variant) {
  if (variant == "offset") return "copying from a fixed place";
  return variant == "pairs" ? "pairs of neighbours, and copying what follows the query"
                            : "finding the query and copying what follows";
}

void require_two_heads(const interp::TransformerConfig& config) {
  if (config.n_heads != std::vector<int64_t>{1, 1})
    throw std::invalid_argument(
        "the interpretations of induction networks speak about two blocks of a single head each");
}

}  // namespace

std::vector<std::string> variants() {
  return {"induction", "pairs", "offset"};
}

Derivation derive(const Task& task, const Rows& rows, const interp::Network& network,
                  const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const std::string variant = variant_of(task, config);
  const interp::Transformer& model = interp::require_transformer(network, "deriving induction");
  require_two_heads(model.config());
  const auto [tokens, fitted_on] = fitting_inputs(task, config);
  const Observations all = observe(network, tokens, config);
  std::vector<Node> nodes;
  if (variant == "induction") nodes = {previous_node(rows, tokens, all), match_node()};
  if (variant == "pairs") nodes = {pairs_node(rows.symbols, tokens, all.between)};
  nodes.push_back(copied_node(rows, variant, tokens, all));
  nodes.push_back(answer_node(rows));
  return derivation_of({.title = fmt::format("Induction by {}", in_words(variant)),
                        .task = task.to_json(),
                        .model_sha256 = {},
                        .fitted_on = fitted_on,
                        .output = "answer",
                        .nodes = std::move(nodes)},
                       evidence(rows, variant, model, tokens, all));
}

}  // namespace assay::tasks::induction
