// Weights in every layout, and checkpoints of trainings.

#include <fmt/format.h>
#include <torch/optim/adamw.h>
#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "interp/adapters/model_file.h"
#include "interp/files/files.h"
#include "interp/files/pickle.h"
#include "interp/files/pth.h"
#include "interp/files/safetensors.h"
#include "interp/network/transformer.h"
#include "interp/training/checkpoint.h"
#include "interp/training/training_config.h"
#include "tests/fuzz/target.h"
#include "tests/interp/adapters/tiny_gpt2.h"
#include "tests/interp/files/checkpoint_bytes.h"

namespace assay::fuzz {
namespace {

namespace bytes = interp::checkpoint_bytes;
using Texts = std::vector<std::string>;

std::shared_ptr<interp::Transformer> tiny(interp::Norm norm = interp::Norm::None) {
  const interp::TransformerConfig config{.d_vocab = 5,
                                         .n_ctx = 3,
                                         .d_model = 4,
                                         .d_mlp = 6,
                                         .n_heads = {1, 2},
                                         .d_head = {4, 2},
                                         .norm = norm};
  auto model = std::make_shared<interp::Transformer>(config);
  interp::initialise(*model, {.seed = 1});
  return model;
}

interp::TensorMap weights_of(const interp::Transformer& model) {
  interp::TensorMap tensors;
  for (const auto& parameter : model.named_parameters())
    tensors[parameter.key()] = parameter.value().detach();
  return tensors;
}

// --- safetensors

void read_safetensors(std::string_view input) {
  const auto path = put("x.safetensors", input);
  const interp::Safetensors content = interp::read_safetensors(path);
  require_done(
      [&] {
        interp::write_safetensors(folder() / "y.safetensors", content);
        interp::read_safetensors(folder() / "y.safetensors");
      },
      "safetensors, written and read");
}

Texts safetensors() {
  interp::save_model(*tiny(), folder() / "x.safetensors", {{"task", "x"}});
  interp::write_safetensors(folder() / "y.safetensors",
                            {.tensors = {{"a", at::zeros({2, 0}, at::kHalf)},
                                         {"b", at::ones({3}, at::kLong)},
                                         {"c", at::ones({2, 2}, at::kBool)}}});
  return {interp::read_file(folder() / "x.safetensors"),
          interp::read_file(folder() / "y.safetensors")};
}

// --- networks: a file, or a folder with a configuration

void read_network(std::string_view input) {
  put_files(input);
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (entry.path().extension() == ".safetensors") {
      try {
        interp::load_model(entry.path());
      } catch (const std::exception&) {
      }
    }
  interp::load_model(folder());
}

/// GPT-2 in two files and an index of them, as large networks are saved.
std::string sharded(const interp::TensorMap& tensors) {
  nlohmann::ordered_json files = {{"config.json", interp::tiny_gpt2_config()}};
  interp::Safetensors shards[2];
  for (const auto& [name, tensor] : tensors) {
    const size_t shard = shards[0].tensors.size() < tensors.size() / 2 ? 0 : 1;
    const std::string file = shard == 0 ? "a.safetensors" : "b.safetensors";
    shards[shard].tensors[name] = tensor;
    files["model.safetensors.index.json"]["weight_map"][name] = file;
  }
  for (const size_t shard : {0, 1}) {
    interp::write_safetensors(folder() / "x.safetensors", shards[shard]);
    files[shard == 0 ? "a.safetensors" : "b.safetensors"] =
        nlohmann::ordered_json::parse(description_of(folder() / "x.safetensors"));
  }
  return files.dump();
}

Texts networks() {
  Texts texts;
  const auto file = folder() / "x.safetensors";
  const auto described = [&] { return R"({"model.safetensors": )" + description_of(file); };
  for (const auto norm : {interp::Norm::None, interp::Norm::Pre}) {
    interp::save_model(*tiny(norm), file, {{"task", {{"name", "x"}, {"settings", {{"p", 7}}}}}});
    texts.push_back(described() + "}");
    interp::write_safetensors(file, {.tensors = weights_of(*tiny(norm))});
    texts.push_back(described() + "}");
    texts.push_back(described() + R"(, "model.config.json": {"activation": "relu", "norm": "none",
      "norm_eps": 1e-5, "attention": "causal", "positions": "learned", "n_heads": [1, 2]}})");
  }
  for (const char* prefix : {"", "transformer."}) {
    interp::write_safetensors(file, {.tensors = interp::tiny_gpt2_tensors(prefix)});
    texts.push_back(described() + R"(, "config.json": )" + interp::tiny_gpt2_config().dump() + "}");
    texts.push_back(sharded(interp::tiny_gpt2_tensors(prefix)));
  }
  const std::filesystem::path families = ASSAY_SOURCE "/tests/interp/adapters/families";
  for (const char* name : {"bert_mlm", "gpt_neo", "gpt_neox", "mistral", "opt_350m", "qwen2"}) {
    const auto folder = families / name;
    texts.push_back(R"({"model.safetensors": )" + description_of(folder / "model.safetensors") +
                    R"(, "config.json": )" + interp::read_file(folder / "config.json") + "}");
  }
  interp::TensorMap grokking;  // its layout is TransformerLens', transposed
  for (const auto& [name, tensor] : weights_of(*tiny()))
    grokking[name] = tensor.dim() > 1 ? tensor.transpose(-1, -2).contiguous() : tensor;
  interp::write_safetensors(file, {.tensors = grokking});
  texts.push_back(described() + "}");
  return texts;
}

// --- PyTorch's archives: the pickle alone, within an archive, and the archive's own bytes

void read_pickle(std::string_view input) {
  interp::pickle::unpickle(input, "x");
}

void read_pickle_in_archive(std::string_view input) {
  const std::string data(256, '\0');
  bytes::write_zip(folder() / "x.pth", {{"top/data.pkl", std::string(input)},
                                        {"top/byteorder", "little"},
                                        {"top/data/0", data},
                                        {"top/data/1", data.substr(0, 16)},
                                        {"top/version", "3\n"}});
  interp::read_checkpoint(folder() / "x.pth");
}

void read_archive(std::string_view input) {
  interp::read_checkpoint(put("x.pth", input));
}

Texts pickles() {
  using namespace bytes;  // NOLINT(google-build-using-namespace)
  const std::string weights = storage("FloatStorage", "0", 64),
                    labels = storage("LongStorage", "1", 2);
  const std::string state = ordered_dict(text("a.weight") + tensor(weights, 4, {3, 4}, {4, 1}) +
                                         text("b") + tensor(labels, 0, {2}, {1}));
  const std::string parameter = global("torch._utils", "_rebuild_parameter") +
                                tuple(tensor(weights, 0, {2}, {1}) + "\x89" + ordered_dict()) + "R";
  return {program(state), program(dict(text("epoch") + number(3) + text("model") + state)),
          program(dict(text("w") + parameter + text("none") + "N" + text("list") + "]")),
          program(dict(text("loss") + "G" + std::string(8, '\0')))};
}

Texts archives() {
  Texts texts;
  for (const std::string& pickle : pickles())
    for (const zip_int32_t method : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
      bytes::write_zip(folder() / "x.pth",
                       {{"x/data.pkl", pickle},
                        {"x/data/0", std::string(256, '\0')},
                        {"x/data/1", std::string(16, '\0')}},
                       method);
      texts.push_back(interp::read_file(folder() / "x.pth"));
    }
  return texts;
}

// --- checkpoints of trainings

struct Training {
  std::shared_ptr<interp::Transformer> model = tiny();
  torch::optim::AdamW optimizer{model->parameters(), torch::optim::AdamWOptions(1e-3)};
  interp::TrainingConfig config;
};

void read_training(std::string_view input) {
  static Training training;
  interp::load_checkpoint(put("checkpoint.pt", input), *training.model, training.optimizer,
                          training.config);
}

Texts trainings() {
  Training training;
  for (const at::Tensor& parameter : training.model->parameters())
    parameter.mutable_grad() = at::ones_like(parameter);
  training.optimizer.step();
  interp::save_checkpoint(folder() / "x.pt", *training.model, training.optimizer, training.config,
                          {.step = 1, .cpu_seconds = 1});
  return {interp::read_file(folder() / "x.pt")};
}

// --- networks of verified-circuits: JSON of hexadecimal floats

void read_verified_circuits(std::string_view input) {
  interp::load_model(put("x.json", input));
}

Texts verified_circuits() {
  const std::string two = R"(["0x1p+0", "-0x1.8p-1"])", square = "[" + two + ", " + two + "]";
  std::string state = R"("tok.weight": )" + square + R"(, "pos": )" + square;
  for (const char* name : {"Wq.weight", "Wk.weight", "Wv.weight", "Wo.weight", "mlp1.weight",
                           "mlp1.bias", "mlp2.weight", "mlp2.bias"})
    state += fmt::format(R"(, "blocks.0.{}": {})", name,
                         std::string_view(name).ends_with("bias") ? two : square);
  for (const char* name : {"h1", "h2"})
    state += fmt::format(R"(, "{0}.weight": {1}, "{0}.bias": {2})", name, square, two);
  return {R"({"cfg": {"n": 2, "d": 2, "heads": 1, "ff": 2, "layers": 1, "causal": true,
    "pool": "sum"}, "note": "a test", "state_dict_hex": {)" +
          state + "}}"};
}

}  // namespace

std::vector<Target> network_targets() {
  return {
      {"safetensors", Form::Safetensors, read_safetensors, safetensors},
      {"network", Form::Json, read_network, networks},
      {"verified_circuits", Form::Json, read_verified_circuits, verified_circuits},
      {"pickle", Form::Bytes, read_pickle, pickles},
      {"pickle_in_archive", Form::Bytes, read_pickle_in_archive, pickles},
      {"archive", Form::Bytes, read_archive, archives},
      {"training", Form::Bytes, read_training, trainings},
  };
}

}  // namespace assay::fuzz
