#include "tasks/modular_addition/pairs.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <map>
#include <set>
#include <stdexcept>

#include "tests/interp/scratch.h"

namespace assay::tasks::modular_addition {
namespace pairs_test {

using interp::message_of;

constexpr auto kParts = {Part::Train, Part::Derive, Part::Test};

std::set<int64_t> as_set(const Pairs& pairs, Part part) {
  return {pairs.of(part).begin(), pairs.of(part).end()};
}

TEST(Pairs, AreSplitAsPublished) {
  const Pairs pairs({.p = 113, .train_fraction = 0.3});
  EXPECT_EQ(pairs.count(), 12769);
  EXPECT_EQ(pairs.of(Part::Train).size(), 3830u);  // ⌊0.3 · 12,769⌋
  EXPECT_EQ(pairs.of(Part::Derive).size() + pairs.of(Part::Test).size(), 8939u);
  EXPECT_EQ(pairs.of(Part::Derive).size(), 4469u);
}

TEST(Pairs, BelongToOnePartEach) {
  for (const double fraction : {0.001, 0.3, 0.5, 0.95}) {
    const Pairs pairs({.p = 7, .train_fraction = fraction});
    std::set<int64_t> all;
    size_t sum = 0;
    for (const Part part : kParts) {
      all.merge(as_set(pairs, part));
      sum += pairs.of(part).size();
    }
    EXPECT_EQ(all.size(), 49u) << fraction;
    EXPECT_EQ(sum, 49u) << fraction;
  }
}

TEST(Pairs, AreAllInAPartForWhichNothingIsLeft) {
  const Pairs whole({.p = 7, .train_fraction = 1});
  for (const Part part : kParts) EXPECT_EQ(as_set(whole, part).size(), 49u);
  const Pairs one_left({.p = 7, .train_fraction = 0.98});  // ⌊48.02⌋ for training
  EXPECT_EQ(one_left.of(Part::Test).size(), 1u);
}

TEST(Pairs, AreSplitByTheSeedAlone) {
  const Pairs pairs({.p = 11}), again({.p = 11}), other({.p = 11, .split_seed = 1});
  EXPECT_EQ(pairs.of(Part::Train), again.of(Part::Train));
  EXPECT_NE(as_set(pairs, Part::Train), as_set(other, Part::Train));
}

TEST(Pairs, AreAllInTheDomainWithTheirSums) {
  const Pairs pairs({.p = 7});
  const Domain domain = pairs.domain();
  ASSERT_EQ(domain.inputs.tokens.sizes().vec(), (std::vector<int64_t>{49, 3}));
  for (int64_t a = 0; a < 7; ++a) {
    for (int64_t b = 0; b < 7; ++b) {
      const at::Tensor row = domain.inputs.tokens[a * 7 + b];
      EXPECT_EQ(row[0].item<int64_t>(), a);
      EXPECT_EQ(row[1].item<int64_t>(), b);
      EXPECT_EQ(row[2].item<int64_t>(), 7);
      EXPECT_EQ(domain.inputs.labels[a * 7 + b].item<int64_t>(), (a + b) % 7);
    }
  }
  int64_t in_parts = 0;
  for (const Part part : kParts) {
    const interp::LabelledBatch some = domain.of({part});
    EXPECT_EQ(some.tokens.size(0), static_cast<int64_t>(pairs.of(part).size()));
    in_parts += some.tokens.size(0);
  }
  EXPECT_EQ(in_parts, 49);
}

TEST(Pairs, OfAPassComeOnceEachAndInAnotherOrderInTheNext) {
  const Pairs pairs({.p = 11});
  for (const Part part : {Part::Train, Part::Derive}) {
    const auto size = static_cast<int64_t>(pairs.of(part).size());
    std::vector<std::vector<int64_t>> passes;
    for (int64_t pass = 0; pass < 3; ++pass) {
      const at::Tensor tokens = pairs.sample(part, 5, pass * size, size).tokens;
      std::vector<int64_t> order;
      for (int64_t i = 0; i < size; ++i)
        order.push_back(tokens[i][0].item<int64_t>() * 11 + tokens[i][1].item<int64_t>());
      EXPECT_EQ(std::set<int64_t>(order.begin(), order.end()), as_set(pairs, part));
      passes.push_back(order);
    }
    EXPECT_NE(passes[0], passes[1]);
    EXPECT_NE(passes[1], passes[2]);
  }
}

TEST(Pairs, OfTheTestPartAreIndependentDraws) {
  const Pairs pairs({.p = 7});  // 18 test pairs
  std::map<std::string, int> counts;
  const at::Tensor tokens = pairs.sample(Part::Test, 1, 0, 1800).tokens;
  for (int64_t i = 0; i < 1800; ++i) ++counts[pairs.to_text(tokens[i])];
  EXPECT_EQ(counts.size(), 18u);
  int most = 0;
  for (const auto& [text, count] : counts) {
    EXPECT_NEAR(count, 100, 45) << text;  // 4.6 standard deviations
    most = std::max(most, count);
  }
  EXPECT_GT(most, 100);  // passes would give 100 each
}

TEST(Pairs, AreReadFromText) {
  const Pairs pairs({.p = 7});
  EXPECT_EQ(pairs.to_text(pairs.to_tokens(" 3 +  4 = ")), "3 + 4 =");
  const auto refusal = [&](const std::string& text) {
    return message_of([&] { pairs.to_tokens(text); });
  };
  for (const std::string text : {"", "3 + 4", "3 4 =", "3 - 4 =", "3 + 4 = 0", "3+4="})
    EXPECT_EQ(refusal(text), "'" + text + "': expected `a + b =`, such as `3 + 4 =`");
  EXPECT_EQ(refusal("3 + 7 ="), "'3 + 7 =': expected a number from 0 to 6, got '7'");
  EXPECT_EQ(refusal("x + 1 ="), "'x + 1 =': expected a number from 0 to 6, got 'x'");
  EXPECT_EQ(refusal("-1 + 1 ="), "'-1 + 1 =': expected a number from 0 to 6, got '-1'");
}

TEST(Pairs, RefuseWhatIsNoPrimeOrNoFraction) {
  for (const int64_t p : {-7, 0, 1, 2, 4, 9, 111, 253, 257}) {
    EXPECT_EQ(message_of([&] { Pairs({.p = p}); }),
              "p: expected a prime from 3 to 251, got " + std::to_string(p));
  }
  for (const int64_t p : {3, 5, 113, 251}) EXPECT_NO_THROW(Pairs({.p = p}));
  for (const double fraction : {0.0, -0.1, 1.01, std::nan("")})
    EXPECT_THROW(Pairs({.p = 7, .train_fraction = fraction}), std::invalid_argument) << fraction;
  EXPECT_EQ(message_of([] { Pairs({.p = 7, .train_fraction = 1.5}); }),
            "train_fraction: expected a fraction in (0, 1], got 1.5");
  EXPECT_THROW(Pairs({.p = 7, .split_seed = -1}), std::invalid_argument);
}

}  // namespace pairs_test
}  // namespace assay::tasks::modular_addition
