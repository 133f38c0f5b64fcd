// Networks of verified-circuits: JSON of hexadecimal floats. A tiny one of our own stands for those
// that are published, which are read, too, where ASSAY_VERIFIED_CIRCUITS names their folder.

#include "interp/adapters/verified_circuits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cstdlib>

#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace verified_circuits_test {

using at::Tensor;
using nlohmann::ordered_json;
using testing::HasSubstr;

constexpr int64_t kLength = 6, kWidth = 8, kHeads = 2, kHidden = 10;

struct Published {
  ordered_json json;
  std::map<std::string, Tensor> state;  ///< as PyTorch's modules hold it
};

ordered_json in_hex(const Tensor& tensor) {
  ordered_json list = ordered_json::array();
  for (int64_t i = 0; i < tensor.size(0); ++i)
    if (tensor.dim() == 1)
      list.push_back(fmt::format("{:a}", static_cast<double>(tensor[i].item<float>())));
    else
      list.push_back(in_hex(tensor[i]));
  return list;
}

Published tiny(int64_t layers = 2) {
  torch::manual_seed(1);
  Published made;
  const auto add = [&](const std::string& name, const std::vector<int64_t>& shape) {
    made.state[name] = at::randn(shape) / 2;
  };
  add("tok.weight", {2, kWidth});
  add("pos", {kLength, kWidth});
  for (int64_t layer = 0; layer < layers; ++layer) {
    const std::string block = fmt::format("blocks.{}.", layer);
    for (const char* name : {"Wq", "Wk", "Wv", "Wo"})
      add(block + name + ".weight", {kWidth, kWidth});
    add(block + "mlp1.weight", {kHidden, kWidth});
    add(block + "mlp1.bias", {kHidden});
    add(block + "mlp2.weight", {kWidth, kHidden});
    add(block + "mlp2.bias", {kWidth});
  }
  add("h1.weight", {kWidth, kWidth});
  add("h1.bias", {kWidth});
  add("h2.weight", {2, kWidth});
  add("h2.bias", {2});
  ordered_json state = ordered_json::object();
  for (const auto& [name, tensor] : made.state) state[name] = in_hex(tensor);
  made.json = {{"cfg",
                {{"n", kLength},
                 {"d", kWidth},
                 {"heads", kHeads},
                 {"ff", kHidden},
                 {"layers", layers},
                 {"causal", true},
                 {"pool", "sum"}}},
               {"note", "a test"},
               {"state_dict_hex", std::move(state)}};
  return made;
}

// The network written down from its description, by PyTorch's functions.
Tensor logits_of(const std::map<std::string, Tensor>& state, const Tensor& tokens, int64_t layers) {
  const auto linear = [&](const Tensor& x, const std::string& name) {
    const auto bias = state.find(name + ".bias");
    const Tensor y = at::matmul(x, state.at(name + ".weight").t());
    return bias == state.end() ? y : y + bias->second;
  };
  const int64_t n = tokens.size(1), width = kWidth / kHeads;
  const Tensor later = at::ones({n, n}, torch::kBool).triu(1);
  Tensor x = at::embedding(state.at("tok.weight"), tokens) + state.at("pos");
  for (int64_t layer = 0; layer < layers; ++layer) {
    const std::string block = fmt::format("blocks.{}.", layer);
    const auto by_head = [&](const char* name) {
      return linear(x, block + name).view({-1, n, kHeads, width}).transpose(1, 2);
    };
    const Tensor scores = at::matmul(by_head("Wq"), by_head("Wk").transpose(2, 3)) /
                          std::sqrt(static_cast<double>(width));
    const Tensor pattern = at::softmax(scores.masked_fill(later, -INFINITY), 3);
    const Tensor mixed =
        at::matmul(pattern, by_head("Wv")).transpose(1, 2).reshape({-1, n, kWidth});
    x = x + linear(mixed, block + "Wo");
    x = x + linear(at::relu(linear(x, block + "mlp1")), block + "mlp2");
  }
  return linear(at::relu(linear(x.sum(1), "h1")), "h2");
}

class VerifiedCircuits : public Scratch {
 protected:
  std::string problem(const ordered_json& json) {
    try {
      load_model(put("network.json", json.dump()));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no problem";
  }
};

TEST_F(VerifiedCircuits, ComputesWhatItsModulesCompute) {
  for (const int64_t layers : {1, 2}) {
    const Published made = tiny(layers);
    const LoadedModel loaded = load_model(put("network.json", made.json.dump()));
    EXPECT_EQ(loaded.layout, "verified-circuits");
    EXPECT_EQ(loaded.model->config().pool, Pooling::Sum);
    const Tensor tokens = at::randint(0, 2, {40, kLength}, torch::kInt64);
    const Tensor ours = logits_at(*loaded.model, tokens, 0);
    EXPECT_TRUE(ours.allclose(logits_of(made.state, tokens, layers), 1e-4, 1e-5));
  }
}

TEST_F(VerifiedCircuits, KeepsEveryBitAndIsWrittenAsAnyOther) {
  const Published made = tiny();
  const LoadedModel loaded = load_model(put("network.json", made.json.dump()));
  EXPECT_TRUE(loaded.model->weight("head.W").equal(made.state.at("h1.weight").t()));
  EXPECT_TRUE(loaded.model->weight("unembed.b_U").equal(made.state.at("h2.bias")));
  save_model(*loaded.model, at("network.safetensors"));
  const LoadedModel again = load_model(at("network.safetensors"));
  EXPECT_EQ(again.model->config(), loaded.model->config());
  EXPECT_TRUE(
      again.model->weight("blocks.1.attn.W_O").equal(loaded.model->weight("blocks.1.attn.W_O")));
}

TEST_F(VerifiedCircuits, SaysWhatIsWrongWithAFile) {
  const auto changed = [&](const std::function<void(ordered_json&)>& how) {
    ordered_json json = tiny().json;
    how(json);
    return problem(json);
  };
  const auto of_state = [&](const char* name, const ordered_json& value) {
    return changed([&](ordered_json& json) { json["state_dict_hex"][name] = value; });
  };
  EXPECT_THAT(changed([](auto& json) { json.erase("cfg"); }), HasSubstr("cfg"));
  EXPECT_THAT(changed([](auto& json) { json["cfg"]["pool"] = "max"; }), HasSubstr("cfg.pool"));
  EXPECT_THAT(changed([](auto& json) { json["cfg"]["causal"] = false; }),
              HasSubstr("causal false: in this layout only causal networks are read"));
  EXPECT_THAT(changed([](auto& json) { json["cfg"]["heads"] = 3; }),
              HasSubstr("d 8 is not divisible by heads 3"));
  EXPECT_THAT(changed([](auto& json) { json["cfg"]["n"] = 5; }),
              HasSubstr("tensor 'pos': expected shape [5, 8], found [6, 8]"));
  EXPECT_THAT(changed([](auto& json) { json["cfg"]["layers"] = 1; }),
              HasSubstr("tensor 'blocks.1.Wk.weight': unknown"));
  EXPECT_THAT(changed([](auto& json) { json["cfg"]["layers"] = 3; }),
              HasSubstr("tensor 'blocks.2.Wq.weight': missing"));
  EXPECT_THAT(of_state("h2.bias", {"0.5", "0x1p0"}), HasSubstr("hexadecimal floats"));
  EXPECT_THAT(of_state("h2.bias", {"0x1p0", "0x1.8p0x"}), HasSubstr("hexadecimal floats"));
  EXPECT_THAT(of_state("h2.bias", {"0x1p0", "0x1.0000000000001p0"}), HasSubstr("is no float32"));
  EXPECT_THAT(of_state("h2.bias", {"0x1p0", "0x1p999"}), HasSubstr("is no float32"));
  EXPECT_THAT(of_state("h2.bias", {"0x1p0", 2}), HasSubstr("expected a text, found 2"));
  EXPECT_THAT(of_state("h2.bias", {"0x1p0"}), HasSubstr("expected shape [2], found [1]"));
  EXPECT_THAT(of_state("h1.weight", {{"0x1p0"}, {"0x1p0", "0x1p0"}}), HasSubstr("one length"));
  EXPECT_THAT(of_state("more", {"0x1p0"}), HasSubstr("tensor 'more': unknown"));
}

TEST_F(VerifiedCircuits, ReadsThePublishedNetworks) {
  const char* folder = std::getenv("ASSAY_VERIFIED_CIRCUITS");
  if (!folder) GTEST_SKIP() << "ASSAY_VERIFIED_CIRCUITS names no folder";
  for (const int64_t n : {10, 16}) {
    const LoadedModel loaded = load_model(std::filesystem::path(folder) /
                                          fmt::format("dyck{}_exact_seed0.weights.json", n));
    EXPECT_EQ(loaded.model->config().n_ctx, n);
    EXPECT_EQ(loaded.model->config().d_model, 32);
  }
}

}  // namespace verified_circuits_test
}  // namespace assay::interp
