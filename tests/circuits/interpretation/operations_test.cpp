#include "circuits/interpretation/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace operations_test {

using at::Tensor;
using interp::message_of;
using nlohmann::json;
using Tensors = std::map<std::string, Tensor>;
using Integers = std::vector<int64_t>;

Tensor whole(const std::vector<Integers>& rows) {
  std::vector<Tensor> tensors;
  for (const Integers& row : rows) tensors.push_back(torch::tensor(row, torch::kLong));
  return at::stack(tensors);
}

Tensor real(const std::vector<std::vector<float>>& rows) {
  std::vector<Tensor> tensors;
  for (const auto& row : rows) tensors.push_back(torch::tensor(row));
  return at::stack(tensors);
}

Tensor row(const std::vector<float>& numbers) {
  return torch::tensor(numbers);
}

const Operations& all() {
  static const Operations operations = generic_operations();
  return operations;
}

Function function(const std::string& name, const json& parameters = json::object()) {
  return all().functions.at(name).make({.name = name, .parameters = parameters, .tensors = {}});
}
Abstraction abstraction(const std::string& name, const json& parameters, const Tensors& tensors) {
  return all().abstractions.at(name).make({name, parameters, tensors});
}
Concretisation concretisation(const std::string& name, const json& parameters,
                              const Tensors& tensors) {
  return all().concretisations.at(name).make({name, parameters, tensors});
}
Equality equality(const std::string& name, const json& parameters = json::object()) {
  return all().equalities.at(name).make({.name = name, .parameters = parameters, .tensors = {}});
}

testing::AssertionResult same(const Tensor& found, const Tensor& expected) {
  if (found.scalar_type() == expected.scalar_type() && found.equal(expected))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << "found\n" << found << "\nexpected\n" << expected;
}

// --- h
// ---------------------------------------------------------------------------------------------

TEST(OperationsTest, TokensAtGathersGroupsOfPositions) {
  const Function h = function("tokens_at", {{"positions", {{1, 0}, {3, 3}}}});
  EXPECT_TRUE(same(h({whole({{4, 5, 6, 7}, {0, 1, 2, 3}})}),
                   at::stack({whole({{5, 4}, {7, 7}}), whole({{1, 0}, {3, 3}})})));
}

TEST(OperationsTest, AnyIsOneWhereSomethingIsTrue) {
  const Tensor states = torch::tensor({1, 0, 0, 0, 0, 0, 0, 1, 1}).view({3, 3}).to(torch::kBool);
  EXPECT_TRUE(same(function("any")({states}), torch::tensor({1, 0, 1}, torch::kLong)));
}

// --- α
// ---------------------------------------------------------------------------------------------

/// Three directions in the plane, two of one label; the second is long, which must not matter.
Tensors prototypes() {
  return {{"prototypes", real({{1, 0}, {0, 100}, {-1, -1}})},
          {"labels", whole({{2, 0}, {1, 1}, {0, 2}})}};
}

TEST(OperationsTest, NearestPrototypeGoesByDirection) {
  const Abstraction alpha = abstraction("nearest_prototype", {}, prototypes());
  // (3, 1): cosines 0.95, 0.32, negative. (0.1, 0.2): 0.45, 0.89. (-5, 1): negative, 0.2, 0.55.
  const Tensor x = at::stack({real({{3, 1}, {0.1, 0.2}}), real({{-5, 1}, {3, 1}})});
  EXPECT_TRUE(same(alpha({x}), at::stack({whole({{2, 0}, {1, 1}}), whole({{0, 2}, {2, 0}})})));
}

TEST(OperationsTest, ThresholdIncludesItself) {
  const Abstraction alpha = abstraction("threshold", {}, {{"thresholds", row({0.5, 2})}});
  const Tensor x = at::stack({real({{0.5, 1.9}}), real({{0.4, 2.5}})});  // [2, 1, 2]
  EXPECT_TRUE(same(alpha({x}), torch::tensor({1, 0, 0, 1}).view({2, 2}).to(torch::kBool)));
}

TEST(OperationsTest, ArgmaxOfComparesTheTokensNamedOnly) {
  const Abstraction alpha = abstraction("argmax_of", {{"tokens", {3, 1}}}, {});
  const Tensor logits = at::stack({real({{9, 2, 9, 1}}), real({{9, -2, 9, -1}})});
  EXPECT_TRUE(same(alpha({logits}), torch::tensor({1, 0}, torch::kLong)));
}

// --- γ
// ---------------------------------------------------------------------------------------------

TEST(OperationsTest, WritePrototypesFillsItsPositionsAndLeavesTheMeanElsewhere) {
  Tensors tensors = prototypes();
  tensors["mean"] = real({{7, 7}, {8, 8}, {9, 9}});
  const Concretisation gamma = concretisation("write_prototypes", {{"positions", {2, 0}}}, tensors);
  const auto written = gamma(at::stack({whole({{1, 1}, {0, 2}}), whole({{2, 0}, {2, 0}})}));
  ASSERT_EQ(written.size(), 1);
  EXPECT_TRUE(same(
      written[0], at::stack({real({{-1, -1}, {8, 8}, {0, 100}}), real({{1, 0}, {8, 8}, {1, 0}})})));
}

TEST(OperationsTest, ValuesWithoutAPrototypeAreRefused) {
  Tensors tensors = prototypes();
  tensors["mean"] = at::zeros({1, 2});
  const Concretisation gamma = concretisation("write_prototypes", {{"positions", {0}}}, tensors);
  // Labels are numbers in base 3: (2, 0) is 6; (1, 3) would be as well, and (0, 6).
  for (const Integers& label : {Integers{0, 0}, {1, 3}, {0, 6}, {3, 0}, {2, -1}, {-1, 9}, {99, 99}})
    EXPECT_EQ(message_of([&] { gamma(whole({label}).unsqueeze(0)); }),
              "write_prototypes: a value has no prototype");
  EXPECT_NO_THROW(gamma(whole({{2, 0}}).unsqueeze(0)));
}

// A table by the labels' numbers would have 2^96 entries.
TEST(OperationsTest, LabelsMayBeAnyNumbers) {
  const int64_t huge = int64_t{1} << 32;
  Tensors tensors = {
      {"labels", whole({{0, huge, 5}, {-7, huge, 5}, {0, huge, -huge}, {huge, 0, 0}})},
      {"prototypes", real({{1, 1}, {2, 2}, {3, 3}, {4, 4}})},
      {"mean", at::zeros({2, 2})}};
  const Concretisation gamma = concretisation("write_prototypes", {{"positions", {0, 1}}}, tensors);
  EXPECT_TRUE(same(gamma(whole({{huge, 0, 0}, {0, huge, -huge}}).unsqueeze(0))[0],
                   real({{4, 4}, {3, 3}}).unsqueeze(0)));
  EXPECT_TRUE(same(gamma(whole({{-7, huge, 5}, {0, huge, 5}}).unsqueeze(0))[0],
                   real({{2, 2}, {1, 1}}).unsqueeze(0)));
  for (const Integers& label : {Integers{-7, huge, -huge}, {0, 0, 0}, {huge, huge, 5}})
    EXPECT_EQ(message_of([&] {
                gamma(whole({label, label}).unsqueeze(0));
              }),
              "write_prototypes: a value has no prototype");
}

TEST(OperationsTest, WriteLevelsSwitchesItsNeuronsAndFixesTheRest) {
  const Concretisation gamma = concretisation(
      "write_levels", {{"neurons", {3, 0}}},
      {{"on", row({2, 5})}, {"mean", row({9, 8, 7, 6})}, {"stream", row({0.5, -1})}});
  const Tensor active = torch::tensor({1, 0, 1, 1}).view({2, 2}).to(torch::kBool);
  const auto written = gamma(active);
  ASSERT_EQ(written.size(), 2);
  EXPECT_TRUE(same(written[0], at::stack({real({{0.5, -1}}), real({{0.5, -1}})})));
  EXPECT_TRUE(same(written[1], at::stack({real({{0, 8, 7, 2}}), real({{5, 8, 7, 2}})})));
}

TEST(OperationsTest, WriteAnswerGivesOneLogitOne) {
  const Concretisation gamma =
      concretisation("write_answer", {{"tokens", {3, 1}}, {"d_vocab", 4}}, {});
  EXPECT_TRUE(same(gamma(torch::tensor({0, 1}, torch::kLong))[0],
                   at::stack({real({{0, 0, 0, 1}}), real({{0, 1, 0, 0}})})));
}

// --- α reads what γ wrote
// --------------------------------------------------------------------------

TEST(OperationsTest, PrototypesWrittenAreReadBack) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(3);
  Tensors tensors = {{"prototypes", at::normal(0.0, 1.0, {12, 20}, generator)}};
  std::vector<Integers> labels;
  for (int64_t i = 0; i < 12; ++i) labels.push_back({i / 4, i % 4});
  tensors["labels"] = whole(labels);
  const Abstraction alpha = abstraction("nearest_prototype", {}, tensors);
  tensors["mean"] = at::zeros({12, 20});
  const Concretisation gamma = concretisation(
      "write_prototypes", {{"positions", Integers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}}, tensors);
  const Tensor value = at::stack({tensors["labels"], tensors["labels"].flip(0)});
  EXPECT_TRUE(same(alpha(gamma(value)), value));
}

TEST(OperationsTest, LevelsWrittenAreReadBack) {
  const Tensor thresholds = row({0.5, 1.5, 0.1});
  const Abstraction alpha = abstraction("threshold", {}, {{"thresholds", thresholds}});
  const Concretisation gamma =
      concretisation("write_levels", {{"neurons", {4, 1, 3}}},
                     {{"on", row({2, 2, 2})}, {"mean", at::ones({5})}, {"stream", at::ones({2})}});
  Tensor value = at::empty({8, 3}, at::kBool);
  for (int64_t i = 0; i < 8; ++i)
    for (int64_t n = 0; n < 3; ++n) value[i][n] = static_cast<bool>(i >> n & 1);
  const Tensor hidden = gamma(value)[1].index_select(2, torch::tensor({4, 1, 3}, torch::kLong));
  EXPECT_TRUE(same(alpha({hidden}), value));
}

TEST(OperationsTest, AnswersWrittenAreReadBack) {
  const json tokens = {{"tokens", {5, 0, 2}}, {"d_vocab", 6}};
  const Tensor value = torch::tensor({2, 0, 1, 1}, torch::kLong);
  EXPECT_TRUE(
      same(abstraction("argmax_of", tokens, {})(concretisation("write_answer", tokens, {})(value)),
           value));
}

// --- equality
// --------------------------------------------------------------------------------------

TEST(OperationsTest, EqualComparesEveryElementPerInput) {
  const Tensor left = at::stack({whole({{1, 2}, {3, 4}}), whole({{1, 2}, {3, 4}})});
  const Tensor right = at::stack({whole({{1, 2}, {3, 4}}), whole({{1, 2}, {3, 5}})});
  const Tensor expected = torch::tensor({1, 0}).to(torch::kBool);
  EXPECT_TRUE(same(equality("equal")(left, right), expected));
  EXPECT_TRUE(same(equality("equal")(whole({{1, 2}, {1, 3}}), whole({{1, 2}, {1, 2}})), expected));
}

TEST(OperationsTest, EqualServesValuesOfOneNumberPerInput) {
  EXPECT_TRUE(same(equality("equal")(torch::tensor({1, 2, 3}), torch::tensor({1, 0, 3})),
                   torch::tensor({1, 0, 1}).to(torch::kBool)));
}

TEST(OperationsTest, EqualUpToOrderTakesTheLastAxisAsASet) {
  const Tensor left =
      at::stack({whole({{1, 2}, {3, 4}}), whole({{1, 2}, {3, 4}}), whole({{1, 2}, {3, 3}})});
  const Tensor right = at::stack({whole({{2, 1}, {3, 4}}),    // turned within a pair: the same
                                  whole({{3, 4}, {1, 2}}),    // pairs exchanged: not
                                  whole({{1, 2}, {3, 4}})});  // multiplicity counts
  EXPECT_TRUE(
      same(equality("equal_up_to_order")(left, right), torch::tensor({1, 0, 0}).to(torch::kBool)));
}

// --- numbers that do not fit
// -----------------------------------------------------------------------

std::string refusal(const std::string& name, const json& parameters, const Tensors& tensors) {
  return message_of([&] {
    const Operation operation{name, parameters, tensors};
    if (all().functions.contains(name)) all().functions.at(name).make(operation);
    if (all().abstractions.contains(name)) all().abstractions.at(name).make(operation);
    if (all().concretisations.contains(name)) all().concretisations.at(name).make(operation);
  });
}

TEST(OperationsTest, LinearReadsInDoubleAndDropsASinglePosition) {
  const Tensors map = {{"weight", torch::tensor({{2.0}, {-1.0}}, torch::kDouble)},
                       {"bias", torch::tensor({0.25}, torch::kDouble)}};
  const Tensor two = real({{1, 2}, {3, 5}}).unsqueeze(0);  // [1, 2 positions, 2]
  EXPECT_TRUE(same(abstraction("linear", json::object(), map)({two}),
                   torch::tensor({{{0.25}, {1.25}}}, torch::kDouble)));
  EXPECT_TRUE(same(abstraction("linear", {{"decimals", 1}}, map)({two.narrow(1, 1, 1)}),
                   torch::tensor({{1.2}}, torch::kDouble)));  // to even: 1.25 is exact
}

TEST(OperationsTest, WriteLinearPutsAConstantBesideWhatItMaps) {
  const auto write = concretisation("write_linear", json::object(),
                                    {{"weight", real({{1, 0, 2}, {0, 1, -1}})},
                                     {"bias", row({0, 0, 10})},
                                     {"constant", real({{7, 8}})}});
  const Activations flat = write(torch::tensor({{1.0, 2.0}, {3.0, 4.0}}, torch::kDouble));
  EXPECT_TRUE(same(flat.at(0), real({{1, 2, 10}, {3, 4, 12}}).unsqueeze(1)));
  EXPECT_TRUE(same(flat.at(1), real({{7, 8}}).unsqueeze(0)));
  const Activations by_position = write(real({{1, 2}, {3, 4}}).unsqueeze(0));
  EXPECT_TRUE(same(by_position.at(0), real({{1, 2, 10}, {3, 4, 12}}).unsqueeze(0)));
}

TEST(OperationsTest, EqualRoundedComparesDecimals) {
  const Tensor left = torch::tensor({{0.24, 1.0}, {0.24, 1.0}, {-0.04, 0.0}}, torch::kDouble);
  const Tensor right = torch::tensor({{0.16, 1.0}, {0.26, 1.0}, {0.04, 0.0}}, torch::kDouble);
  const auto at_one = equality("equal_rounded", {{"decimals", 1}});
  EXPECT_TRUE(same(at_one(left, right), torch::tensor({true, false, true})));
  const auto at_two = equality("equal_rounded", {{"decimals", 2}});
  EXPECT_TRUE(same(at_two(left, right), torch::tensor({false, false, false})));
  EXPECT_THROW(equality("equal_rounded"), std::invalid_argument);
  EXPECT_THROW(equality("equal_rounded", {{"decimals", 10}}), std::invalid_argument);
  EXPECT_THROW(equality("equal_rounded", {{"decimals", 0.5}}), std::invalid_argument);
}

TEST(OperationsTest, DownstreamEqualityIsLeftToTheChecker) {
  EXPECT_FALSE(equality("downstream"));
}

TEST(OperationsTest, MissingNumbersAreNamed) {
  EXPECT_EQ(refusal("threshold", {}, {}), "operation 'threshold': tensor 'thresholds' is missing");
  EXPECT_EQ(refusal("nearest_prototype", {}, {{"labels", whole({{1}})}}),
            "operation 'nearest_prototype': tensor 'prototypes' is missing");
  EXPECT_EQ(refusal("tokens_at", json::object(), {}),
            "operation 'tokens_at': parameter 'positions' is missing");
  EXPECT_EQ(
      refusal("argmax_of", {{"tokens", "all"}}, {}),
      "operation 'argmax_of': parameter 'tokens': expected a list of whole numbers, found \"all\"");
  EXPECT_EQ(refusal("write_answer", {{"tokens", {1}}}, {}),
            "operation 'write_answer': parameter 'd_vocab' is missing");
}

TEST(OperationsTest, ParametersAreTakenForNothingElse) {
  const auto of_tokens = [](const json& tokens) {
    return refusal("argmax_of", {{"tokens", tokens}}, {});
  };
  const std::string start = "operation 'argmax_of': parameter 'tokens': ";
  EXPECT_EQ(of_tokens({1, 2.5}), start + "field '[1]': expected a whole number, found 2.5");
  EXPECT_EQ(of_tokens({true}), start + "field '[0]': expected a whole number, found true");
  EXPECT_EQ(of_tokens({1e300}), start + "field '[0]': expected a whole number, found 1e+300");
  EXPECT_EQ(of_tokens({std::numeric_limits<uint64_t>::max()}),
            start + "field '[0]': expected a whole number, found 18446744073709551615");
  EXPECT_EQ(refusal("write_answer", {{"tokens", {1}}, {"d_vocab", 2'000'000'000}}, {}),
            "operation 'write_answer': expected d_vocab of at most 262144");
}

TEST(OperationsTest, NumbersThatAreNoneAreRefused) {
  const auto made = [](float value) {
    return message_of([&] {
      make(all().abstractions, {"threshold", json::object(), {{"thresholds", row({0.5, value})}}});
    });
  };
  for (const float value : {std::nanf(""), HUGE_VALF, -HUGE_VALF})
    EXPECT_EQ(made(value),
              "operation 'threshold': tensor 'thresholds' holds NaN or an infinite number");
  for (const float value : {-0.0F, 3e38F}) EXPECT_EQ(made(value), "");
}

TEST(OperationsTest, ShapesAreComparedWithWhatIsExpected) {
  EXPECT_EQ(refusal("threshold", {}, {{"thresholds", at::zeros({2, 2})}}),
            "operation 'threshold': tensor 'thresholds' has shape [2, 2], expected [-1]");
  EXPECT_EQ(
      refusal("nearest_prototype", {},
              {{"labels", whole({{1}, {2}})}, {"prototypes", at::zeros({3, 4})}}),
      "operation 'nearest_prototype': tensor 'prototypes' has shape [3, 4], expected [2, -1]");
  EXPECT_EQ(refusal("write_levels", {{"neurons", {0, 1}}}, {{"on", at::zeros({3})}}),
            "operation 'write_levels': tensor 'on' has shape [3], expected [2]");
}

TEST(OperationsTest, IndicesAreCheckedOnce) {
  EXPECT_EQ(refusal("tokens_at", {{"positions", {{0, 1}, {2}}}}, {}),
            "operation 'tokens_at': expected groups of one size in 'positions'");
  EXPECT_EQ(refusal("tokens_at", {{"positions", json::array()}}, {}),
            "operation 'tokens_at': expected at least one position");
  Tensors tensors = prototypes();
  tensors["mean"] = at::zeros({3, 2});
  EXPECT_EQ(refusal("write_prototypes", {{"positions", {0, 3}}}, tensors),
            "operation 'write_prototypes': expected positions in [0, 3), got 3");
  EXPECT_EQ(refusal("write_levels", {{"neurons", {-1}}},
                    {{"on", at::zeros({1})}, {"mean", at::zeros({4})}, {"stream", at::zeros({2})}}),
            "operation 'write_levels': expected neurons in [0, 4), got -1");
  EXPECT_EQ(refusal("write_answer", {{"tokens", {4}}, {"d_vocab", 4}}, {}),
            "operation 'write_answer': expected tokens in [0, 4), got 4");
}

}  // namespace operations_test
}  // namespace assay::circuits
