#include "interp/adapters/model_file.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>
#include <utility>

#include "interp/adapters/hugging_face.h"
#include "interp/adapters/layouts.h"
#include "interp/files/fail.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_text.h"
#include "interp/files/safetensors.h"
#include "interp/files/weight_file.h"
#include "interp/network/transformer.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kMetadata = "assay";  // beside kConfigText in __metadata__

/// What a file or a folder says, whatever its format.
struct Content {
  Weights weights;
  std::string sha256, layout;
  json metadata = json::object();
};

json parse_object(const std::string& text, const char* what) {
  json parsed = parse_json(text, what);
  if (!parsed.is_object()) fail("{}: expected a JSON object", what);
  return parsed;
}

WeightFile weights_in(const fs::path& path) {
  if (path.extension() != ".json") return read_weight_file(path);
  WeightFile file;
  file.json = read_json(path);
  return file;
}

Content read_one_file(const fs::path& path, Settings& settings) {
  const WeightFile file = weights_in(path);
  const LayoutEntry& layout = layout_of(file);
  Content content{.weights = layout.read(file, settings),
                  .sha256 = sha256_of_file(path),
                  .layout = layout.name,
                  .metadata = file.numbers};
  if (const auto metadata = file.texts.find(kMetadata); metadata != file.texts.end())
    content.metadata = parse_object(metadata->second, kMetadata);
  return content;
}

Content read_folder(const fs::path& path, Settings& settings) {
  HuggingFaceFolder folder = read_hugging_face(path);
  if (const Setting* said = settings.find("layout")) {
    fail("layout: {} according to {}, {} according to config.json", said->value.dump(),
         said->source, folder.family);
  }
  settings.say_configuration(folder.weights.config, "config.json");
  return {std::move(folder.weights), std::move(folder.sha256), std::move(folder.family),
          std::move(folder.config)};
}

// The same weights under another configuration are another network. Where the configuration does
// not stand in the file that is hashed, the hash takes it in, so that a claim about the one network
// is refused on the other.
std::string with_configuration(const std::string& weights, const TransformerConfig& config) {
  return sha256(weights + "\n" + to_json(config).dump());
}

std::shared_ptr<Transformer> assemble(const Weights& weights) {
  auto model = std::make_shared<Transformer>(weights.config);
  for (auto& parameter : model->named_parameters()) {
    parameter.value().copy_(weights.tensors.at(parameter.key()));
    parameter.value().requires_grad_(false);
  }
  model->require_finite();
  return model;
}

}  // namespace

fs::path configuration_beside(const fs::path& model) {
  fs::path beside = model;
  return beside.replace_extension(".config.json");
}

LoadedModel load_model(const fs::path& path, const json& stated) {
  const torch::NoGradGuard no_grad;
  try {
    const bool folder = fs::is_directory(path);
    const fs::path beside = folder ? fs::path() : configuration_beside(path);
    Settings settings(beside);
    settings.say_all(stated, "option");
    if (!folder && fs::exists(beside)) {
      settings.say_all(read_json(beside), beside.filename().string());
    }
    Content content = folder ? read_folder(path, settings) : read_one_file(path, settings);
    if (folder || !stated.empty() || fs::exists(beside))
      content.sha256 = with_configuration(content.sha256, content.weights.config);
    return {assemble(content.weights), std::move(content.sha256), std::move(content.layout),
            std::move(content.metadata), settings.all()};
  } catch (const std::exception& error) {
    const std::string message = error.what();
    const bool named = message.starts_with(path.string());  // the readers of formats do so
    throw std::runtime_error(named ? message : fmt::format("{}: {}", path.string(), message));
  }
}

std::string save_model(const Transformer& model, const fs::path& path, const json& metadata) {
  if (!metadata.is_object()) throw std::invalid_argument("metadata: expected a JSON object");
  model.require_finite();
  Safetensors content;
  content.metadata = {{kConfigText, to_json(model.config()).dump()},
                      {kMetadata, json_text(metadata)}};
  for (const auto& parameter : model.named_parameters()) {
    content.tensors[parameter.key()] = parameter.value();
  }
  return write_safetensors(path, content);
}

}  // namespace assay::interp
