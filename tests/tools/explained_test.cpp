#include "tools/explained.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tools/attention_patterns.h"
#include "tools/explained_fields.h"
#include "tools/explained_sentence.h"
#include "tools/heat.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace explained_test {

using testing::HasSubstr;

ExplainedInput two_clauses() {
  const auto explanation = [](const char* method, const std::vector<double>& scores) {
    interp::attribution::Explanation explained{.method = method,
                                               .scores = torch::tensor(scores, torch::kFloat64),
                                               .standard_errors = {},
                                               .readings = {},
                                               .diagnostics = {}};
    return explained;
  };
  return {.facts = {{"input", "<script>"}},
          .tokens = {"(", "x0", ")", "(", "x1", ")", ":"},
          .features = {{"( x0 )", {0, 1, 2}}, {"( x1 )", {3, 4, 5}}},
          .explanations = {explanation("a", {2, -1}), explanation("b", {0, 0})}};
}

TEST(Explained, NamesAllPartsThatSpeakMostAndAlike) {
  const auto sentence = [](const std::vector<double>& scores) {
    const std::vector<std::string> features = {"a", "b", "c", "d", "e"};
    return plain_text(
        explained_sentence(nullptr, "yes", features,
                           {{.name = "m", .scores = scores, .standard_errors = {}, .caveat = {}}}));
  };
  const std::string answers = "The network answers yes. ";
  EXPECT_EQ(sentence({1, 3, 2, 0, 0}), answers + "b speaks for it most.");
  EXPECT_EQ(sentence({1, 3, 3, 0, 0}), answers + "b and c speak for it most, and alike.");
  EXPECT_EQ(sentence({3, 3, 3, 0, 3}), answers + "4 of the 5 parts speak for it most, and alike.");
  EXPECT_EQ(sentence({0, 0, 0, 0, 0}), answers + "No method found a part that speaks for it.");
}

TEST(Explained, SpansAreTheTokensOfAFeatureOrContext) {
  const ExplainedInput input = two_clauses();
  const std::vector<Span> spans = spans_of(input.tokens, input.features);
  ASSERT_EQ(spans.size(), 3U);
  EXPECT_EQ(spans[0].text, "( x0 )");
  EXPECT_EQ(spans[1].text, "( x1 )");
  EXPECT_EQ(spans[1].feature, 1);
  EXPECT_EQ(spans[2].text, ":");
  EXPECT_EQ(spans[0].tokens + spans[1].tokens + spans[2].tokens, input.tokens.size());
  EXPECT_EQ(spans[2].feature, -1);
}

TEST(Explained, OtherReadingsStandBesideAMethodThatIsAlone) {
  ExplainedInput input = two_clauses();
  input.explanations[0].readings["value"] = torch::tensor({0.5, -3.0}, torch::kFloat64);
  EXPECT_EQ(columns_of(to_json(input)["explanations"]).size(), 2U);
  input.explanations.pop_back();
  const std::vector<ScoreColumn> columns = columns_of(to_json(input)["explanations"]);
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[1].name, "value");
  EXPECT_EQ(columns[1].largest, 3);
}

TEST(Explained, UnderACaveatNothingIsColoured) {
  ExplainedInput input = two_clauses();
  EXPECT_EQ(heat_at(columns_of(to_json(input)["explanations"])[0], 0), kMostHeat);
  input.explanations[0].caveat = "did not converge";
  const std::vector<ScoreColumn> columns = columns_of(to_json(input)["explanations"]);
  EXPECT_EQ(columns[0].caveat, "did not converge");
  EXPECT_EQ(heat_at(columns[0], 0), 0);
}

TEST(Explained, AScoreThatIsNoNumberIsNullInAFileAndADashToPeople) {
  const ScoreColumn column = column_of("a", {nullptr, -2.0, 1.0});
  EXPECT_EQ(column.largest, 2);
  EXPECT_EQ(score_text(column.scores[0]), "–");
  EXPECT_EQ(heat_of(column.scores[0], column.largest), 0);
  EXPECT_EQ(score_text(column.scores[1]), "-2.000");
  EXPECT_EQ(score_text(2e7), "+2.0e+07");
}

TEST(Explained, AsJsonHasScoresByFeature) {
  const nlohmann::ordered_json json = to_json(two_clauses());
  EXPECT_EQ(json["features"][1]["name"], "( x1 )");
  EXPECT_EQ(json["features"][1]["positions"], nlohmann::json({3, 4, 5}));
  EXPECT_EQ(json["explanations"][0]["scores"], nlohmann::json({2.0, -1.0}));
}

TEST(Heat, IsInProportionToTheLargestScore) {
  EXPECT_EQ(heat_of(2, 2), kMostHeat);
  EXPECT_EQ(heat_of(-2, 2), -kMostHeat);
  EXPECT_EQ(heat_of(1, 2), kMostHeat / 2);
  EXPECT_EQ(heat_of(0.1, 2), 0);
  EXPECT_EQ(heat_of(0, 0), 0);
}

TEST(Heat, BringsAColourForTheTextAndTakesItBack) {
  EXPECT_EQ(heated("x", 0, true), "x");
  EXPECT_EQ(heated("x", 4, false), "x");
  for (int heat = -kMostHeat; heat <= kMostHeat; ++heat) {
    if (heat == 0) continue;
    const std::string text = printable(heated("x", heat, true));
    EXPECT_THAT(text, HasSubstr("48;5;"));
    EXPECT_THAT(text, HasSubstr("38;5;"));
    EXPECT_TRUE(text.ends_with("x\x1b[0m"));
  }
}

TEST(Explained, IsReadAsItWasWrittenAndDescribed) {
  ExplainedInput input = two_clauses();
  input.explanations[0].readings["value"] =
      torch::tensor(std::vector<double>{0.5, NAN}, torch::kFloat64);
  input.explanations[1].caveat = "did not converge";
  input.task = {{"name", "two-sat"}, {"settings", nlohmann::ordered_json::object()}};
  input.attention.heads = {{"block 1, head 1", {{1, 0}, {0.25, 0.75}}}};
  input.attention.left_out = "-";
  const std::string text = to_json(input).dump();
  const auto read =
      interp::read_record<ExplainedRecord>(nlohmann::ordered_json::parse(text), "e.json");
  EXPECT_EQ(interp::write_record(read).dump(), text);
  std::ostringstream documentation;
  documentation << std::ifstream(ASSAY_SOURCE "/docs/formats.md").rdbuf();
  EXPECT_THAT(documentation.str(), HasSubstr(interp::description_of<ExplainedRecord>()));
}

// Every head of every kind of block, in front of padding or not, against the naive forward pass.
TEST(Explained, AttentionIsThatOfTheNaiveForwardPass) {
  const at::NoGradGuard no_grad;
  for (const interp::TransformerConfig& config : interp::assorted_configs()) {
    const auto model = interp::random_model(config);
    const interp::attribution::Sequence tokens = {1, 0, 1};
    for (const int64_t length : {int64_t{0}, int64_t{4}}) {
      const interp::attribution::Framing framing{.length = length, .padding = 2};
      const AttentionPatterns found = attention_patterns(*model, tokens, framing);
      const at::Tensor row =
          interp::attribution::framed(torch::tensor(tokens, torch::kInt64).unsqueeze(0), framing);
      const interp::NaiveForward naive(config, interp::weights_of(*model), row);
      size_t heads = 0;
      for (int64_t layer = 0; layer < config.n_layers(); ++layer)
        for (int64_t head = 0; head < config.n_heads[layer]; ++head, ++heads) {
          ASSERT_LT(heads, found.heads.size());
          const HeadPattern& pattern = found.heads[heads];
          EXPECT_EQ(pattern.head, fmt::format("block {}, head {}", layer + 1, head + 1));
          const at::Tensor whole =
              naive.values.at(fmt::format("blocks.{}.attn.hook_pattern", layer))[0][head];
          for (int64_t from = 0; from < 3; ++from)
            for (int64_t to = 0; to < 3; ++to)
              EXPECT_NEAR(pattern.shares[from][to],
                          whole[whole.size(0) - 3 + from][whole.size(1) - 3 + to].item<double>(),
                          5.1e-5);
        }
      EXPECT_EQ(heads, found.heads.size());
      EXPECT_EQ(found.left_out, "");
    }
  }
}

// 20,000 shares at most: of one head over 141 tokens they fit, over 142 they do not.
TEST(Explained, AttentionOfALongInputIsLeftOutWithTheReason) {
  const interp::TransformerConfig config{
      .d_vocab = 5, .n_ctx = 200, .d_model = 4, .d_mlp = 2, .n_heads = {1}, .d_head = {2}};
  const auto model = interp::random_model(config);
  const interp::attribution::Sequence fits(141, 1), longer(142, 1);
  EXPECT_EQ(attention_patterns(*model, fits, {}).heads.size(), 1U);
  const AttentionPatterns none = attention_patterns(*model, longer, {});
  EXPECT_TRUE(none.heads.empty());
  EXPECT_THAT(none.left_out, HasSubstr("1 head over 142 tokens"));
}

}  // namespace explained_test
}  // namespace assay::tools
