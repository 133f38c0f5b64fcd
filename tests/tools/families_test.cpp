// Every command on a tiny network of every Hugging Face family. The real binary runs.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>

#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "interp/network/build.h"
#include "tests/tools/model_folder.h"
#include "tools/streams.h"

namespace assay::tools {
namespace families_test {

using interp::Site;
using testing::HasSubstr;

const std::filesystem::path kFixtures = ASSAY_SOURCE "/tests/interp/adapters/families";

/// `words`: the token at position 0, read off its vector. `some`: is it 3 or 5, read off a neuron,
/// which is false of random networks. `answer`: 3 instead of 2.
circuits::Interpretation interpretation_of(const interp::LoadedModel& loaded) {
  const at::NoGradGuard no_grad;
  const interp::Transformer& model = *loaded.model;
  const interp::TransformerConfig& config = model.config();
  const at::Tensor vectors = model.W_E().detach();
  const at::Tensor labels = at::arange(config.d_vocab, at::kLong).unsqueeze(1);
  const int64_t last = config.pool == interp::Pooling::None ? 2 : 0;
  const Site embed{.place = interp::hook::embed()};
  const Site first{.place = interp::hook::embed(), .positions = {0}};
  const Site mlp{.place = interp::hook::mlp_out(1), .positions = {2}};
  const Site hidden{.place = interp::hook::mlp_post(1), .positions = {2}};
  const Site neuron{.place = interp::hook::mlp_post(1), .positions = {2}, .neurons = {0}};
  const Site logits{.place = interp::hook::logits(), .positions = {last}};
  const circuits::Operation equal{.name = "equal", .tensors = {}};
  circuits::Interpretation said;
  said.title = "3 or 5 comes first";
  said.output = "answer";
  said.task = {{"name", "data"}, {"settings", {{"answers", "1 2"}}}};
  said.fitted_on = nlohmann::json::object();
  said.model_sha256 = loaded.sha256;
  said.nodes = {
      {.name = "answer",
       .parents = {"some"},
       .sites = {logits},
       .reads = {logits},
       .h = {.name = "any", .tensors = {}},
       .alpha = {.name = "argmax_of", .parameters = {{"tokens", {1, 2}}}, .tensors = {}},
       .gamma = {.name = "write_answer",
                 .parameters = {{"tokens", {1, 2}}, {"d_vocab", config.outputs()}},
                 .tensors = {}},
       .equality = equal},
      {.name = "words",
       .parents = {circuits::kTokens},
       .sites = {embed},
       .reads = {first},
       .h = {.name = "tokens_at", .parameters = {{"positions", {{0}}}}, .tensors = {}},
       .alpha = {.name = "nearest_prototype",
                 .tensors = {{"labels", labels}, {"prototypes", vectors}}},
       .gamma = {.name = "write_prototypes",
                 .parameters = {{"positions", {0}}},
                 .tensors = {{"labels", labels},
                             {"prototypes", vectors},
                             {"mean", vectors[2].repeat({3, 1})}}},
       .equality = equal},
      {.name = "some",
       .parents = {"words"},
       .sites = {mlp, hidden},
       .reads = {neuron},
       .h = {.name = "among", .parameters = {{"yes", {3, 5}}}, .tensors = {}},
       .alpha = {.name = "threshold", .tensors = {{"thresholds", at::zeros({1})}}},
       .gamma = {.name = "write_levels",
                 .parameters = {{"neurons", {0}}},
                 .tensors = {{"on", at::ones({1})},
                             {"mean", at::zeros({config.d_mlp})},
                             {"stream", at::zeros({config.d_model})}}},
       .equality = equal},
  };
  return said;
}

class FamiliesSlow : public interp::Scratch, public testing::WithParamInterface<std::string> {
 protected:
  const std::filesystem::path folder_ = kFixtures / GetParam();
  const interp::LoadedModel loaded_ = interp::load_model(folder_);
  const std::string model_ = " --model " + folder_.string() + " ";
  const bool post_norm_ = loaded_.model->config().norm == interp::Norm::Post;

  FamiliesSlow() {
    std::string text;
    for (const char* line : {"3 4 7", "5 8 2", "6 3 9", "4 2 11", "9 7 12", "8 10 6"})
      text += fmt::format("{} | {} | 2 4 7\n", line, line[0] < '6' ? 2 : 1);
    put("inputs.txt", text);
  }

  Finished run(const std::string& arguments) const { return run_assay(arguments, at("")); }
  Finished succeed(const std::string& arguments) const {
    const Finished ran = run(arguments);
    EXPECT_EQ(ran.code, 0) << arguments << "\n" << ran.out << ran.error;
    return ran;
  }
  nlohmann::json read(const std::string& name) const {
    return nlohmann::json::parse(content_of(at(name)));
  }
};

std::vector<std::string> names_of_fixtures() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFixtures))
    names.insert(entry.path().filename());
  return {names.begin(), names.end()};
}

INSTANTIATE_TEST_SUITE_P(Of, FamiliesSlow, testing::ValuesIn(names_of_fixtures()),
                         [](const auto& info) { return info.param; });

TEST_P(FamiliesSlow, IsReadAsTheNetworkThatItIsAndConverted) {
  const std::string expect = " --expect " + (folder_ / "expected.safetensors").string();
  succeed("inspect " + folder_.string() + expect + " --json there.json");
  succeed("convert " + folder_.string() + " own.safetensors");
  succeed("inspect own.safetensors" + expect + " --json back.json");
  EXPECT_EQ(read("there.json")["layout"], loaded_.layout);
  EXPECT_EQ(read("back.json")["layout"], "assay");
  EXPECT_EQ(read("back.json")["config"], read("there.json")["config"]);
  EXPECT_EQ(read("back.json")["parameters"], read("there.json")["parameters"]);
  for (const auto& identity : read("there.json")["self_check"])
    EXPECT_LE(identity["largest_error"].get<double>(),
              1e-5 * (1 + identity["largest_value"].get<double>()))
        << identity;
}

TEST_P(FamiliesSlow, IsExplained) {
  const Finished explained =
      succeed("explain" + model_ + "--data inputs.txt --method occlusion --method gradient-norm" +
              " --replacer uniform --json e.json '3 4 7'");
  EXPECT_EQ(read("e.json")["explanations"][0]["scores"].size(),
            2);  // the answer is read off the last token
}

TEST_P(FamiliesSlow, HasCircuitsWhereWritersAddUp) {
  const std::string discover =
      "discover" + model_ + "--data inputs.txt --method exact --edges 6 --out c.json";
  if (post_norm_) {
    const Finished refused = run(discover);
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.error, HasSubstr("post"));
    return;
  }
  succeed(discover);
  succeed("measure" + model_ + "--data inputs.txt --circuit c.json --json m.json");
  EXPECT_TRUE(read("m.json")["measures"].contains("faithfulness"));
}

/// What is said of the words is true of every network, and the rest of none of these.
TEST_P(FamiliesSlow, IsValidated) {
  circuits::save_interpretation(interpretation_of(loaded_), at("said.json"));
  const Finished ran = run(std::string("--load ") + OWN_TASK + " validate" + model_ +
                           "--interpretation said.json --data inputs.txt --claim 'words.PE<=0'"
                           " --json v.json");
  ASSERT_THAT(ran.code, testing::AnyOf(kDone, kViolated, kUndecided)) << ran.error;
  const nlohmann::json report = read("v.json");
  EXPECT_EQ(report["inputs"], 6);
  int64_t failures = 0;
  for (const auto& row : report["rows"]) {
    EXPECT_EQ(row["n"], 6) << row;
    if (row["node"] == "words" && row["axiom"] == "PE") {
      EXPECT_EQ(row["failures"], 0);
    }
    failures += row["failures"].get<int64_t>();
  }
  EXPECT_GT(failures, 0);
}

}  // namespace families_test
}  // namespace assay::tools
