#include "tasks/induction/pairs.h"

#include <torch/torch.h>

#include "interp/execution/constant.h"
#include "tasks/induction/rows.h"

namespace assay::tasks::induction {

using at::Tensor;
using circuits::Value;

namespace {

constexpr int64_t kPlaces = kLength - 1, kFirstPlace = 2, kQueryPosition = kRow - 1;

Tensor indicators(const Tensor& symbols, int64_t n) {
  return at::one_hot(symbols, n).to(torch::kFloat64);
}

/// The tensors of α and γ: mean [kRow, d], own and front [symbols, d], query [symbols, d].
struct Vectors {
  interp::Constant mean, own, front, query;

  explicit Vectors(const circuits::Operation& operation)
      : mean(circuits::tensor_of(operation, "mean", {kRow, -1})),
        own(circuits::tensor_of(operation, "own", {-1, -1})),
        front(circuits::tensor_of(operation, "front", {-1, -1})),
        query(circuits::tensor_of(operation, "query", {-1, -1})) {}
};

circuits::Function pairs_and_query(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value {
    const Tensor& tokens = parents.at(0);
    return at::cat({tokens.narrow(1, kFirstPlace - 1, kPlaces),
                    tokens.narrow(1, kFirstPlace, kPlaces), tokens.narrow(1, kQueryPosition, 1)},
                   1);
  };
}

// Of all sums of an own vector and one in front, the nearest to what stands at the place:
// |x - a - b|² is least where (x - a/2)·a + (x - b/2)·b - a·b is largest.
circuits::Abstraction nearest_pairs(const circuits::Operation& operation) {
  return [of = Vectors(operation)](const circuits::Activations& activations) -> Value {
    const Tensor& stream = activations.at(0);
    const c10::Device device = stream.device();
    const Tensor a = of.own.on(device), b = of.front.on(device), q = of.query.on(device);
    const auto closeness = [](const Tensor& x, const Tensor& vectors) {
      return at::matmul(x, vectors.t()) - vectors.square().sum(1) / 2;
    };
    const Tensor x =
        stream.narrow(1, kFirstPlace, kPlaces) - of.mean.on(device).narrow(0, kFirstPlace, kPlaces);
    const Tensor both =
        closeness(x, a).unsqueeze(3) + closeness(x, b).unsqueeze(2) - at::matmul(a, b.t());
    const Tensor best = both.flatten(2).argmax(2);  // [batch, place]
    const int64_t n = b.size(0);
    return at::cat({best.remainder(n), at::floor_divide(best, n),
                    closeness(stream.select(1, kQueryPosition), q).argmax(1, true)},
                   1);
  };
}

circuits::Concretisation write_pairs(const circuits::Operation& operation) {
  return [of = Vectors(operation)](const Value& value) -> circuits::Activations {
    const c10::Device device = value.device();
    const auto of_symbols = [&](const Tensor& vectors, int64_t first, int64_t count) {
      const Tensor symbols = value.narrow(1, first, count);
      return vectors.index_select(0, symbols.flatten()).view({value.size(0), count, -1});
    };
    Tensor stream = of.mean.on(device).unsqueeze(0).repeat({value.size(0), 1, 1});
    stream.narrow(1, kFirstPlace, kPlaces) += of_symbols(of.front.on(device), 0, kPlaces) +
                                              of_symbols(of.own.on(device), kPlaces, kPlaces);
    stream.narrow(1, kQueryPosition, 1).copy_(of_symbols(of.query.on(device), 2 * kPlaces, 1));
    return {stream};
  };
}

}  // namespace

circuits::Function symbol_behind_query(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value {
    const Tensor& value = parents.at(0);
    const Tensor found = value.narrow(1, 0, kPlaces).eq(value.narrow(1, 2 * kPlaces, 1));
    const Tensor place = found.to(torch::kInt64).argmax(1, true);
    return value.narrow(1, kPlaces, kPlaces).gather(1, place).unsqueeze(2);
  };
}

circuits::Node pairs_node(int64_t symbols, const Tensor& tokens, const Tensor& stream) {
  const Tensor mean = stream.mean(0);
  const Tensor rest =
      (stream.narrow(1, kFirstPlace, kPlaces) - mean.narrow(0, kFirstPlace, kPlaces)).flatten(0, 1);
  const Tensor which =
      at::cat({indicators(tokens.narrow(1, kFirstPlace, kPlaces).flatten(), symbols),
               indicators(tokens.narrow(1, kFirstPlace - 1, kPlaces).flatten(), symbols)},
              1);
  const Tensor fitted =
      at::matmul(at::linalg_pinv(at::matmul(which.t(), which), 1e-9), at::matmul(which.t(), rest));
  const Tensor asked = indicators(tokens.select(1, kQueryPosition), symbols);
  const Tensor query = at::matmul(asked.t(), stream.select(1, kQueryPosition)) /
                       asked.sum(0).clamp_min(1).unsqueeze(1);
  const auto plain = [](const Tensor& t) { return t.to(torch::kFloat32).contiguous(); };
  const std::map<std::string, Tensor> vectors = {
      {"mean", plain(mean)},
      {"own", plain(fitted.narrow(0, 0, symbols))},
      {"front", plain(fitted.narrow(0, symbols, symbols))},
      {"query", plain(query)}};
  const interp::Site site{.place = interp::hook::resid_post(0), .positions = [] {
                            std::vector<int64_t> all(kRow);
                            for (int64_t i = 0; i < kRow; ++i) all[i] = i;
                            return all;
                          }()};
  return {.name = "pairs",
          .parents = {circuits::kTokens},
          .sites = {site},
          .reads = {site},
          .h = {.name = "pairs_and_query", .tensors = {}},
          .alpha = {.name = "nearest_pairs", .tensors = vectors},
          .gamma = {.name = "write_pairs", .tensors = vectors},
          .equality = {.name = "equal", .tensors = {}}};
}

void add_pair_operations(circuits::Operations& operations) {
  const auto told = [](const char* sentence) {
    return [sentence](const circuits::Operation&) { return std::string(sentence); };
  };
  operations.functions.add(
      {.name = "pairs_and_query",
       .help = "the symbols of a list, those in front of them, and the last token",
       .make = pairs_and_query,
       .sentence = told("Read each symbol of the list with the one in front of it, and the last "
                        "token.")});
  operations.functions.add({.name = "symbol_behind_query",
                            .help = "the symbol whose symbol in front is the last token",
                            .make = symbol_behind_query,
                            .sentence = told("Take the symbol that has the last token in front.")});
  operations.abstractions.add(
      {.name = "nearest_pairs",
       .help = "the nearest sum of a vector for a symbol and one for the symbol in front",
       .make = nearest_pairs,
       .sentence = told("the nearest sum of a vector for the symbol and one for that in front")});
  operations.concretisations.add(
      {"write_pairs", "the sum of a vector for a symbol and one for the symbol in front",
       write_pairs});
}

}  // namespace assay::tasks::induction
