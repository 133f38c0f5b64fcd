#include "interp/attribution/callback_replacer.h"

#include "tests/interp/attribution/replacers.h"

namespace assay::interp::attribution {
namespace callback_replacer_test {

const Sequence kSequence = {1, 2, 3};

TEST(CallbackReplacer, FillsWhatItIsAskedToRowByRow) {
  const CallbackReplacer noise(
      "noise", [](Sequence sequence, const std::vector<bool>& masked, uint64_t seed) {
        for (size_t i = 0; i < sequence.size(); ++i)
          if (masked[i]) sequence[i] = static_cast<int64_t>(seed % 1000 + i);
        return sequence;
      });
  const at::Tensor mask = mask_of(kSequence, {0, 2}, 80);
  const at::Tensor drawn = noise.draw(kSequence, mask, 4, 0);
  EXPECT_TRUE(drawn.select(1, 1).eq(2).all().item<bool>());
  EXPECT_FALSE(drawn[0].equal(drawn[1])) << "rows have seeds of their own";
  EXPECT_FALSE(noise.support(kSequence, {0}).has_value());
  expect_rows_that_do_not_depend_on_their_batch(noise, kSequence, mask);
}

TEST(CallbackReplacer, RefusesAFunctionThatChangesWhatIsNotMasked) {
  const CallbackReplacer bad("bad", [](const Sequence&, const std::vector<bool>&, uint64_t) {
    return Sequence{7, 7, 7};
  });
  EXPECT_THROW(bad.draw(kSequence, mask_of(kSequence, {0, 1}), 1, 0), std::invalid_argument);
  EXPECT_NO_THROW(bad.draw(kSequence, mask_of(kSequence, {0, 1, 2}), 1, 0));
  const CallbackReplacer shorter(
      "shorter", [](const Sequence&, const std::vector<bool>&, uint64_t) { return Sequence{7}; });
  EXPECT_THROW(shorter.draw(kSequence, mask_of(kSequence, {0}), 1, 0), std::invalid_argument);
}

}  // namespace callback_replacer_test
}  // namespace assay::interp::attribution
