#include "tasks/majority/majority.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "interp/statistics/random.h"
#include "tasks/majority/derivation.h"
#include "tasks/majority/recipe.h"
#include "tasks/majority/strings.h"

namespace assay::tasks::majority {
namespace {

using at::Tensor;

std::string name_of(int64_t token) {
  constexpr const char* kNames[] = {"0", "1", "_", "="};
  if (token < 0 || token >= kTokens)
    throw std::invalid_argument(fmt::format("token {}: expected 0 to {}", token, kTokens - 1));
  return kNames[token];
}

Transformations transformations() {
  return {{{"reverse", "the string read backwards",
            [](const Tensor& tokens, uint64_t, int64_t) {
              return reordered(tokens, [](int64_t, int64_t length) {
                std::vector<int64_t> order(length);
                std::iota(order.rbegin(), order.rend(), 0);
                return order;
              });
            }},
           {"shuffle", "the symbols in random order",
            [](const Tensor& tokens, uint64_t seed, int64_t first) {
              return reordered(tokens, [&](int64_t row, int64_t length) {
                return statistics::permutation_at(seed, static_cast<uint64_t>(first + row), length);
              });
            }}}};
}

InputFeatures input_features() {
  return {.all = {{"length"}, {"ones"}, {"zeros"}, {"|ones - zeros|"}},
          .of = [](const Tensor& tokens) {
            const Tensor ones = tokens.eq(kOne).sum(1), zeros = tokens.eq(kZero).sum(1);
            return at::stack({ones + zeros, ones, zeros, (ones - zeros).abs()}, 1);
          }};
}

Wording wording(int64_t longest) {
  return {.deed = "finds the majority",
          .sentence = fmt::format(
              "It reads a string of 1 to {} zeros and ones and answers which of both occurs more "
              "often.",
              longest),
          .example = "0110111: 1",
          .input = "string",
          .inputs = "strings"};
}

class Majority : public Task {
 public:
  explicit Majority(int64_t longest) : Task("majority", {{"length", longest}}), strings_(longest) {
    provide(TokenNames{.token = name_of});
    provide(Truth{majority::answers});
    provide(
        Distribution{.holds = [this](const Tensor& tokens) { return strings_.holds(tokens); },
                     .part = [this](const Tensor& tokens) { return strings_.part_of(tokens); }});
    provide(FiniteDomain{[this] { return strings_.domain(); }});
    provide(strings_.specification());
    provide(Partners{[this](Part part, uint64_t seed, int64_t first, int64_t count) {
      return with_partners(sample(part, seed, first, count));
    }});
    provide(transformations());
    provide(InputLengths{.framing = {.length = strings_.n_ctx(), .padding = kBlank}});
    provide(Replacers{.token_types = {0, 0, 1, 2}});
    provide(input_features());
    provide(wording(longest));
    provide(
        Recipes{[this](const std::string& preset) { return majority::recipe(preset, strings_); }});
    provide(Interpretations{.variants = majority::variants(),
                            .inputs = [](Part) -> int64_t { return 8192; },
                            .derive =
                                [this](const interp::Network& network, const DeriveConfig& config) {
                                  require_fits(network.places());
                                  return majority::derive(*this, network, config);
                                }});
  }

  Size size() const override {
    return {.n_tokens = kTokens, .n_ctx = strings_.n_ctx(), .readout = strings_.longest()};
  }
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return strings_.sample(part, seed, first, count);
  }
  std::vector<int64_t> answers() const override { return {kZero, kOne}; }
  std::string to_text(const Tensor& tokens) const override { return strings_.to_text(tokens); }
  Tensor to_tokens(const std::string& text) const override { return strings_.to_tokens(text); }

 private:
  /// The partner of a string has all its symbols exchanged.
  circuits::Counterfactuals with_partners(const interp::LabelledBatch& batch) const {
    circuits::Counterfactuals data = without_partners(batch);
    data.corrupt = at::where(batch.tokens.le(kOne), 1 - batch.tokens, batch.tokens);
    return data;
  }

  Strings strings_;
};

}  // namespace

TaskEntry entry() {
  return {.name = "majority",
          .help = "are there more zeros or more ones in a string?",
          .options = {{"length", "--length",
                       fmt::format("of the longest string, {} to {}", kShortest, kLongest), 14}},
          .derivation = {},
          .presets = presets(),
          .make = [](const Settings& settings) -> std::unique_ptr<Task> {
            return std::make_unique<Majority>(settings.at("length").get<int64_t>());
          }};
}

}  // namespace assay::tasks::majority
