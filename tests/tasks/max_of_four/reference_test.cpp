// The shipped maximum-of-four network and what is said of it. docs/max_of_four.md has the counts
// over all 16,777,216 rows; here rows are those of the sixteen largest numbers, or one in a
// thousand.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <filesystem>

#include "axioms/checker.h"
#include "axioms/vacuity.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "tasks/max_of_four/numbers.h"
#include "tasks/registry.h"
#include "tasks/subject.h"

namespace assay::tasks::max_of_four {
namespace reference_test {

using at::Tensor;
using axioms::Axiom;
namespace fs = std::filesystem;

const fs::path kFolder = fs::path(ASSAY_SOURCE) / "tasks/max_of_four/reference";

Subject shipped(const std::string& variant) {
  return load_subject(kFolder / "model.safetensors", kFolder / fmt::format("{}.json", variant));
}

/// Every row of numbers from 48 to 63.
Tensor large_numbers() {
  const Tensor digits = at::arange(65'536).unsqueeze(1);
  const Tensor divisors = torch::tensor({4096, 256, 16, 1}, torch::kInt64);
  return 48 + at::floor_divide(digits, divisors).remainder(16);
}

Tensor uniform_rows() {
  return specification().domains.at(0).domain.drawn(5, 0, 16'384);
}

axioms::Experiment experiment(const Subject& subject) {
  return {*subject.model.model, subject.program, subject.task->decision()};
}

double rate(const Subject& subject, const Tensor& tokens, size_t node, Axiom axiom) {
  const auto result = axioms::check(
      experiment(subject), [&](int64_t first, int64_t n) { return tokens.narrow(0, first, n); },
      {.inputs = tokens.size(0)});
  return result.nodes.at(node)[axiom].estimate.rate();
}

TEST(MaxOfFourReference, DecidesRightly) {
  const at::NoGradGuard no_grad;
  const Subject subject = shipped("copy");
  for (const Tensor& tokens : {large_numbers(), uniform_rows()}) {
    const interp::Site logits{.place = interp::hook::logits(), .positions = {kCount - 1}};
    const Tensor out = subject.model.model->trace(tokens, {.record = {logits}}).at(0);
    EXPECT_TRUE(out.select(1, 0).argmax(1).equal(answers(tokens)));
  }
}

TEST(MaxOfFourReference, CopiesTheLargestOfFourAndNotOfThree) {
  const at::NoGradGuard no_grad;
  const Subject copy = shipped("copy"), three = shipped("first-three");
  const Tensor tokens = uniform_rows();
  EXPECT_LT(rate(copy, tokens, 1, Axiom::PE), .001);
  EXPECT_EQ(rate(copy, tokens, 1, Axiom::PR), 0);
  // The last number alone is the largest on Σ m³ / 64⁴ = 24.2% of all rows.
  const Tensor alone = tokens.select(1, 3).gt(tokens.narrow(1, 0, 3).amax(1));
  const double share = alone.to(torch::kFloat64).mean().item<double>();
  EXPECT_NEAR(share, .242, .02);
  EXPECT_NEAR(rate(three, tokens, 1, Axiom::PR), share, .005);
}

TEST(MaxOfFourReference, AttendsToTheLargest) {
  const at::NoGradGuard no_grad;
  const Subject attend = shipped("attend");
  ASSERT_EQ(attend.interpretation().nodes.at(0).name, "numbers");
  for (size_t node = 0; node < attend.program.steps.size(); ++node) {
    EXPECT_LT(rate(attend, uniform_rows(), node, Axiom::PE), .005);
    EXPECT_EQ(rate(attend, uniform_rows(), node, Axiom::PR), 0);
  }
}

TEST(MaxOfFourReference, TheReadingOfTheStreamIsNotVacuous) {
  const at::NoGradGuard no_grad;
  const Subject copy = shipped("copy");
  const Tensor tokens = copy.task->sample(Part::Test, 1, 0, 4096).tokens;
  const auto vacuity = axioms::vacuity(
      experiment(copy), [&](int64_t first, int64_t n) { return tokens.narrow(0, first, n); },
      tokens.size(0), /*exhaustive=*/false);
  for (const axioms::Objection& objection : vacuity.objections)
    ADD_FAILURE() << objection.kind << ": " << objection.reason;
}

TEST(MaxOfFourReference, TheShippedReadingsAreOfThisNetwork) {
  for (const char* variant : {"copy", "attend", "first-three"}) {
    const Subject subject = shipped(variant);
    EXPECT_EQ(subject.interpretation().model_sha256, subject.model.sha256);
  }
}

}  // namespace reference_test
}  // namespace assay::tasks::max_of_four
