#include "tasks/max_of_four/max_of_four.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <numeric>
#include <stdexcept>

#include "interp/statistics/random.h"
#include "tasks/max_of_four/derivation.h"
#include "tasks/max_of_four/numbers.h"
#include "tasks/max_of_four/recipe.h"

namespace assay::tasks::max_of_four {
namespace {

using at::Tensor;

Tensor shuffled(const Tensor& tokens, uint64_t seed, int64_t first) {
  Tensor order = at::empty_like(tokens);
  for (int64_t row = 0; row < tokens.size(0); ++row) {
    const auto places =
        statistics::permutation_at(seed, static_cast<uint64_t>(first + row), kCount);
    for (int64_t i = 0; i < kCount; ++i) order.data_ptr<int64_t>()[row * kCount + i] = places[i];
  }
  return tokens.gather(1, order);
}

// Few values: reports count every combination of them that occurs.
InputFeatures input_features() {
  return {
      .all = {{"largest"}, {"largest - second"}, {"the last number", true, {"smaller", "largest"}}},
      .of = [](const Tensor& tokens) {
        const Tensor sorted = std::get<0>(tokens.sort(1)), most = sorted.select(1, kCount - 1);
        return at::stack({most, most - sorted.select(1, kCount - 2),
                          tokens.select(1, kCount - 1).eq(most).to(torch::kInt64)},
                         1);
      }};
}

std::vector<interp::attribution::Feature> all_numbers(const std::string&,
                                                      const interp::attribution::Sequence& tokens) {
  std::vector<std::string> names;
  for (const int64_t token : tokens) names.push_back(fmt::to_string(token));
  return interp::attribution::token_features(names);
}

class MaxOfFour : public Task {
 public:
  MaxOfFour() : Task("max-of-four") {
    provide(Truth{max_of_four::answers});
    provide(
        Distribution{.holds = [](const Tensor&) { return true; }, .part = max_of_four::part_of});
    provide(max_of_four::specification());
    provide(Partners{[this](Part part, uint64_t seed, int64_t first, int64_t count) {
      return with_partners(sample(part, seed, first, count), seed, first);
    }});
    provide(Transformations{{{"shuffle", "the numbers in random order", shuffled}}});
    provide(InputLengths{.one = true});
    provide(Features{.kinds = {"token"}, .of = all_numbers});
    provide(input_features());
    provide(Wording{.deed = "finds the largest of four numbers",
                    .sentence = "It reads four numbers from 0 to 63 and answers which is largest.",
                    .example = "17 4 63 20: 63",
                    .input = "row of numbers",
                    .inputs = "rows of numbers"});
    provide(Recipes{max_of_four::recipe});
    provide(Interpretations{.variants = max_of_four::variants(),
                            .inputs = [](Part) -> int64_t { return 262'144; },
                            .derive =
                                [this](const interp::Network& network, const DeriveConfig& config) {
                                  require_fits(network.places());
                                  return max_of_four::derive(*this, network, config);
                                }});
  }

  Size size() const override {
    return {.n_tokens = kNumbers, .n_ctx = kCount, .readout = kCount - 1};
  }
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return max_of_four::sample(part, seed, first, count);
  }
  std::vector<int64_t> answers() const override {
    std::vector<int64_t> numbers(kNumbers);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }

 private:
  /// Partners have a larger number in one place; where the largest is 63, something smaller stands
  /// in its place. The wrong answer is theirs.
  circuits::Counterfactuals with_partners(const interp::LabelledBatch& batch, uint64_t seed,
                                          int64_t first) const {
    constexpr int64_t kMost = kNumbers - 1;
    circuits::Counterfactuals data = without_partners(batch);
    data.corrupt = batch.tokens.clone();
    for (int64_t i = 0; i < batch.tokens.size(0); ++i) {
      const uint64_t key = statistics::scattered(seed, static_cast<uint64_t>(first + i));
      const auto below = [key](int64_t n) {
        return static_cast<int64_t>(key / kCount % static_cast<uint64_t>(n));
      };
      const auto largest = batch.labels[i].item<int64_t>();
      Tensor row = data.corrupt[i];
      if (largest == kMost)
        row.masked_fill_(row.eq(kMost), below(kMost));
      else
        row[static_cast<int64_t>(key % kCount)] = largest + 1 + below(kMost - largest);
    }
    if (batch.tokens.size(0) > 0)
      data.wrong = at::zeros_like(data.right)
                       .scatter_(1, max_of_four::answers(data.corrupt).unsqueeze(1), true);
    return data;
  }
};

}  // namespace

TaskEntry entry() {
  return {.name = "max-of-four",
          .help = "which of four numbers is the largest? (arXiv 2406.11779)",
          .options = {},
          .derivation = {},
          .presets = presets(),
          .make = [](const Settings&) -> std::unique_ptr<Task> {
            return std::make_unique<MaxOfFour>();
          }};
}

}  // namespace assay::tasks::max_of_four
