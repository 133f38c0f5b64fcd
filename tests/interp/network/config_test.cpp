#include "interp/network/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "interp/network/build.h"
#include "tests/interp/blocks.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace config_test {

using nlohmann::json;
using testing::HasSubstr;

TEST(TransformerConfigTest, EverySwitchSurvivesJson) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 1000; ++trial) {
    const TransformerConfig config = random_config(random);
    EXPECT_EQ(config_from_json(json::parse(to_json(config).dump())), config);
  }
  for (const auto& [name, config] : networks_of_blocks())
    EXPECT_EQ(config_from_json(to_json(config)), config) << name;
}

TEST(TransformerConfigTest, FilesSayNothingOfSwitchesThatStandAsEver) {
  const json file = to_json({.d_vocab = 3, .n_ctx = 4});
  EXPECT_EQ(file.size(), 12u) << file;
  for (const char* name : {"causal", "positions", "windows", "pool", "d_output", "head_dense"})
    EXPECT_FALSE(file.contains(name)) << name;
}

TEST(TransformerConfigTest, RandomNetworksAreValid) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < 1000; ++trial) EXPECT_NO_THROW(describe(random_config(random)));
}

TEST(TransformerConfigTest, WhatDoesNotGoTogetherIsNamed) {
  const auto problem = [](const std::function<void(TransformerConfig&)>& change) {
    TransformerConfig config{.d_vocab = 3, .n_ctx = 4, .n_heads = {4, 4}, .d_head = {6, 6}};
    validate(config);
    change(config);
    return message_of([&] { validate(config); });
  };
  using Config = TransformerConfig;
  EXPECT_EQ(problem([](Config& c) { c.n_kv_heads = {2}; }),
            "configuration: n_kv_heads must have one entry per block: 2, got 1");
  EXPECT_EQ(problem([](Config& c) {
              c.n_kv_heads = {2, 3};
            }),
            "configuration: n_kv_heads must divide n_heads, got 3 for 4 in block 1");
  EXPECT_THAT(problem([](Config& c) { c.n_kv_heads = {0, 4}; }), HasSubstr("at least 1, got 0"));
  EXPECT_EQ(problem([](Config& c) { c.windows = {1}; }),
            "configuration: windows must have one entry per block: 2, got 1");
  EXPECT_THAT(problem([](Config& c) { c.windows = {1, -1}; }), HasSubstr("windows must be at"));
  EXPECT_THAT(problem([](Config& c) {
                c.windows = {1, int64_t{1} << 62};
              }),
              HasSubstr("windows must be at most 16777216"));
  EXPECT_THAT(problem([](Config& c) { c.n_ctx = int64_t{1} << 62; }),
              HasSubstr("n_ctx must be at most 16777216"));
  EXPECT_EQ(problem([](Config& c) {
              c.windows = {1, 1};
              c.causal = false;
            }),
            "configuration: windows need causal attention");
  EXPECT_EQ(problem([](Config& c) { c.rotary_base = 100; }),
            "configuration: rotary_dims, rotary_base and rotary_interleaved need positions rotary");
  const auto rotary = [&](int64_t dims) {
    return problem([&](Config& c) {
      c.positions = PositionEncoding::Rotary;
      c.rotary_dims = dims;
    });
  };
  EXPECT_EQ(rotary(0), "");
  EXPECT_EQ(rotary(4), "");
  for (const int64_t dims : {-2, 3, 8})
    EXPECT_THAT(rotary(dims), HasSubstr("must be even and at most d_head 6")) << dims;
  EXPECT_EQ(problem([](Config& c) {
              c.positions = PositionEncoding::Alibi;
              c.causal = false;
            }),
            "configuration: positions alibi need causal attention");
  EXPECT_THAT(problem([](Config& c) {
                c.d_mlp = 0;
                c.gated_mlp = true;
              }),
              HasSubstr("gated_mlp needs an MLP"));
  EXPECT_THAT(problem([](Config& c) {
                c.d_mlp = 0;
                c.blocks = BlockForm::Parallel;
              }),
              HasSubstr("parallel blocks need an MLP"));
  EXPECT_THAT(problem([](Config& c) {
                c.norm = Norm::Post;
                c.blocks = BlockForm::Parallel;
              }),
              HasSubstr("parallel blocks have no norm post"));
  EXPECT_THAT(problem([](Config& c) { c.blocks = BlockForm::ParallelOneNorm; }),
              HasSubstr("parallel_one_norm need a norm"));
  EXPECT_THAT(problem([](Config& c) {
                c.d_mlp = 0;
                c.norm = Norm::Post;
              }),
              HasSubstr("norm post needs an MLP"));
  EXPECT_THAT(problem([](Config& c) { c.d_output = -1; }),
              HasSubstr("d_output must be at least 0"));
}

}  // namespace config_test
}  // namespace assay::interp
