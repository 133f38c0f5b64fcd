#include "interp/adapters/hugging_face.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "interp/adapters/families/family.h"
#include "interp/files/fail.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/files/weight_file.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Tensors by the file that they are in, as an index says.
std::map<std::string, std::set<std::string>> shards_in(const fs::path& index) {
  const auto content = read_json(index);
  require_shape(content,
                json_shapes::object({{"weight_map", json_shapes::map(json_shapes::text())}}),
                index.string());
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& [tensor, file] : content.at("weight_map").items()) {
    const fs::path name = file.get<std::string>();
    if (name.empty() || name != name.filename() || name == "." || name == "..") {
      fail("{}: weight_map: '{}': expected the name of a file beside it, found '{}'",
           index.string(), cut_short(tensor, 80), cut_short(name.string(), 80));
    }
    shards[name.string()].insert(tensor);
  }
  if (shards.empty()) fail("{}: weight_map: names no file", index.string());
  return shards;
}

/// @param sums  grows by the lines that sha256sum prints.
TensorMap read_shards(const fs::path& index, std::string& sums) {
  TensorMap tensors;
  for (const auto& [name, expected] : shards_in(index)) {
    const fs::path path = index.parent_path() / name;
    TensorMap shard = read_weight_file(path).tensors;
    for (const std::string& tensor : expected) {
      if (!shard.contains(tensor)) {
        fail("{}: tensor '{}': missing, though {} says that it is here", path.string(),
             cut_short(tensor, 80), index.filename().string());
      }
    }
    sums += fmt::format("{}  {}\n", sha256_of_file(path), name);
    tensors.merge(shard);
    if (!shard.empty()) {
      fail("{}: tensor '{}': stands in another shard as well", path.string(), shard.begin()->first);
    }
  }
  return tensors;
}

std::pair<TensorMap, std::string> read_weights_in(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    const fs::path whole = folder / name, index = folder / (std::string(name) + ".index.json");
    if (fs::exists(whole)) return {read_weight_file(whole).tensors, sha256_of_file(whole)};
    if (!fs::exists(index)) continue;
    std::string sums;
    TensorMap tensors = read_shards(index, sums);
    return {std::move(tensors), sha256(sums)};
  }
  fail("{}: expected model.safetensors, pytorch_model.bin or the index.json of their shards",
       folder.string());
}

/// The family that `model_type` names.
const Family& family_in(const json& config) {
  const std::string name = config.value("model_type", json()).is_string()
                               ? config["model_type"].get<std::string>()
                               : std::string();
  if (families().contains(name)) return families().at(name);
  fail("config.json: field 'model_type': {}; this version runs {}",
       name.empty() ? "missing" : fmt::format("'{}' cannot be run", cut_short(name, 60)),
       fmt::join(names_of(families()), ", "));
}

}  // namespace

HuggingFaceFolder read_hugging_face(const fs::path& folder) {
  HuggingFaceFolder content;
  content.config = read_json(folder / "config.json");
  if (!content.config.is_object()) fail("config.json: expected a JSON object");
  const Family& family = family_in(content.config);
  content.family = family.name;
  auto [tensors, sha256] = read_weights_in(folder);
  content.sha256 = std::move(sha256);
  ConfigFields fields(content.config);
  content.weights = family.read(fields, tensors);
  return content;
}

std::string family_of(const TensorMap& tensors) {
  static const std::vector<std::pair<std::string, std::string>> marks = {
      {"wte.weight", "gpt2"},
      {"transformer.wte.weight", "gpt2"},
      {"gpt_neox.embed_in.weight", "gpt_neox"},
      {"model.decoder.embed_tokens.weight", "opt"},
      {"decoder.embed_tokens.weight", "opt"},
      {"model.embed_tokens.weight", "llama"},
      {"bert.embeddings.word_embeddings.weight", "bert"},
      {"roberta.embeddings.word_embeddings.weight", "roberta"},
      {"distilbert.embeddings.word_embeddings.weight", "distilbert"}};
  for (const auto& [tensor, family] : marks) {
    if (tensors.contains(tensor)) return family;
  }
  return "";
}

}  // namespace assay::interp
