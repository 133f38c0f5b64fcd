// The networks that verified-circuits publishes, with the least margins that it proves. They are
// not part of Assay: ASSAY_VERIFIED_CIRCUITS names the folder that holds its weights.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <cstdlib>
#include <filesystem>

#include "axioms/proofs/prove.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "tasks/registry.h"

namespace assay::tasks::dyck {
namespace published_test {

constexpr double kWidth = 1e-5;  // of the enclosures; a bound is below what is attained

struct Least {
  double margin;
  std::string at;
};

Least least_margin(const std::string& folder, int64_t length) {
  const at::NoGradGuard no_grad;
  const interp::LoadedModel loaded = interp::load_model(
      std::filesystem::path(folder) / fmt::format("dyck{}_exact_seed0.weights.json", length));
  const auto task = make_task("dyck", {{"length", length}, {"train_fraction", 1.0}});
  const Derivation derived =
      task->need<Interpretations>().derive(*loaded.model, {.part = Part::Train, .inputs = 1024});
  const circuits::Program program =
      circuits::compile(derived.interpretation, all_operations(), loaded.model->places());
  const Specification& known = task->need<Specification>();
  const proofs::Statement statement = proofs::prove({.network = *loaded.model,
                                                     .interpretation = derived.interpretation,
                                                     .program = program,
                                                     .specified = known.domains.at(0),
                                                     .knowledge = known.knowledge,
                                                     .answers = task->answers()},
                                                    {.statements = {proofs::kOutput}})
                                          .at(0);
  EXPECT_EQ(statement.verdict, proofs::Verdict::Proved) << statement.words;
  std::string at;
  for (const int64_t token : statement.proof.at("at")) at += fmt::to_string(token);
  return {statement.proof.at("least_margin"), at};
}

TEST(DyckPublished, TenParenthesesAreDecidedByTheMarginThatWasProved) {
  const char* folder = std::getenv("ASSAY_VERIFIED_CIRCUITS");
  if (!folder) GTEST_SKIP() << "ASSAY_VERIFIED_CIRCUITS names no folder";
  const Least least = least_margin(folder, 10);
  EXPECT_NEAR(least.margin, 6.395669, kWidth);
  EXPECT_EQ(least.at, "0001011110");
}

TEST(DyckPublishedSlow, SixteenParenthesesAreDecidedByTheMarginThatWasProved) {
  const char* folder = std::getenv("ASSAY_VERIFIED_CIRCUITS");
  if (!folder) GTEST_SKIP() << "ASSAY_VERIFIED_CIRCUITS names no folder";
  const Least least = least_margin(folder, 16);
  EXPECT_NEAR(least.margin, 8.095074, kWidth);
  EXPECT_EQ(least.at, "0001001011111001");
}

}  // namespace published_test
}  // namespace assay::tasks::dyck
