#include "circuits/interpretation_file.h"

#include <fmt/format.h>

#include <stdexcept>

#include "interp/file_pair.h"
#include "interp/files.h"
#include "interp/json_text.h"
#include "interp/safetensors.h"
#include "interp/transformer.h"

namespace assay::circuits {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr int kVersion = 1;

fs::path tensors_beside(const fs::path& path) {
  if (path.extension() != ".json")
    throw std::invalid_argument(
        fmt::format("{}: an interpretation's file name ends in .json", path.string()));
  return fs::path(path).replace_extension(".safetensors");
}

// Tensors are kept under `node.role.name`.
ordered_json write_operation(const Operation& operation, const std::string& prefix,
                             interp::TensorMap& tensors) {
  ordered_json names = ordered_json::object();
  for (const auto& [name, tensor] : operation.tensors) {
    const std::string key = fmt::format("{}.{}", prefix, name);
    names[name] = key;
    if (!tensors.emplace(key, tensor.detach().cpu().contiguous()).second)
      throw std::invalid_argument(
          fmt::format("interpretation: two tensors would both be called '{}'", key));
  }
  return {{"operation", operation.name}, {"parameters", operation.parameters}, {"tensors", names}};
}

// The value at `name`, a path of keys such as "h/operation".
// @throws std::runtime_error naming it, if it is missing or ill-typed.
template <typename T>
T field(const json& from, const std::string& name) {
  try {
    return from.at(json::json_pointer("/" + name)).get<T>();
  } catch (const json::exception& error) {
    throw std::runtime_error(fmt::format("field '{}': {}", name, error.what()));
  }
}
using Object = std::map<std::string, json>;
using List = std::vector<json>;
using Strings = std::vector<std::string>;

Operation read_operation(const json& node, const std::string& role,
                         const interp::TensorMap& tensors) {
  Operation operation{.name = field<std::string>(node, role + "/operation"),
                      .parameters = field<Object>(node, role + "/parameters"),
                      .tensors = {}};
  for (const auto& [name, key] :
       field<std::map<std::string, std::string>>(node, role + "/tensors")) {
    const auto found = tensors.find(key);
    if (found == tensors.end())
      throw std::runtime_error(
          fmt::format("{} names the tensor '{}', which its file does not hold", role, key));
    operation.tensors[name] = found->second;
  }
  return operation;
}

ordered_json write_sites(const std::vector<interp::Site>& sites) {
  ordered_json list = ordered_json::array();
  for (const interp::Site& site : sites) list.push_back(interp::to_string(site));
  return list;
}

std::vector<interp::Site> read_sites(const Strings& list, const interp::TransformerConfig& config) {
  std::vector<interp::Site> sites;
  for (const std::string& text : list) sites.push_back(interp::parse_site(text, config));
  return sites;
}

Node read_node(const json& from, const interp::TensorMap& tensors,
               const interp::TransformerConfig& config) {
  return {.name = field<std::string>(from, "name"),
          .parents = field<Strings>(from, "parents"),
          .sites = read_sites(field<Strings>(from, "sites"), config),
          .reads = read_sites(field<Strings>(from, "reads"), config),
          .h = read_operation(from, "h", tensors),
          .alpha = read_operation(from, "alpha", tensors),
          .gamma = read_operation(from, "gamma", tensors),
          .equality = read_operation(from, "equality", tensors),
          .evidence = field<List>(from, "evidence")};
}

}  // namespace

void save_interpretation(const Interpretation& interpretation, const fs::path& path) {
  const fs::path tensor_path = tensors_beside(path);
  interp::FileWriter tensor_file(tensor_path), index(path);
  interp::Safetensors numbers;
  ordered_json nodes = ordered_json::array();
  for (const Node& node : interpretation.nodes) {
    const auto operation = [&](const Operation& op, const char* role) {
      return write_operation(op, fmt::format("{}.{}", node.name, role), numbers.tensors);
    };
    nodes.push_back({{"name", node.name},
                     {"parents", node.parents},
                     {"sites", write_sites(node.sites)},
                     {"reads", write_sites(node.reads)},
                     {"h", operation(node.h, "h")},
                     {"alpha", operation(node.alpha, "alpha")},
                     {"gamma", operation(node.gamma, "gamma")},
                     {"equality", operation(node.equality, "equality")},
                     {"evidence", node.evidence}});
  }
  interp::write_safetensors(tensor_file, numbers);
  const ordered_json file = {{"format", "assay interpretation"},
                             {"version", kVersion},
                             {"title", interpretation.title},
                             {"task", interpretation.task},
                             {"model_sha256", interpretation.model_sha256},
                             {"fitted_on", interpretation.fitted_on},
                             {"tensors_sha256", tensor_file.sha256()},
                             {"output", interpretation.output},
                             {"nodes", nodes}};
  index.write(interp::json_text(file, 1) + "\n");
  interp::put_pair_in_place(tensor_file, index);
}

LoadedInterpretation load_interpretation(const fs::path& path,
                                         const interp::TransformerConfig& config,
                                         const std::string& model_sha256) {
  fs::path tensor_path = tensors_beside(path);
  const std::string text = interp::read_file(path);
  std::string where = "the file";
  try {
    const json file = json::parse(text);
    if (field<json>(file, "format") != "assay interpretation" ||
        field<json>(file, "version") != kVersion)
      throw std::runtime_error(
          fmt::format("expected an assay interpretation of version {}", kVersion));
    const auto tensors_sha256 = field<std::string>(file, "tensors_sha256");
    tensor_path = interp::data_of_pair(tensor_path, tensors_sha256);
    const interp::TensorMap tensors = interp::read_safetensors(tensor_path).tensors;
    if (interp::sha256_of_file(tensor_path) != tensors_sha256)
      throw std::runtime_error(
          fmt::format("{} is not the file that was written with it", tensor_path.string()));
    Interpretation interpretation{.title = field<std::string>(file, "title"),
                                  .task = field<json>(file, "task"),
                                  .model_sha256 = field<std::string>(file, "model_sha256"),
                                  .fitted_on = field<json>(file, "fitted_on"),
                                  .output = field<std::string>(file, "output"),
                                  .nodes = {}};
    // Before the sites: those of another model may not exist in this one.
    if (!model_sha256.empty() && interpretation.model_sha256 != model_sha256)
      throw std::runtime_error(
          fmt::format("derived from another model: expected sha256 {:.12}…, the model has {:.12}…",
                      interpretation.model_sha256, model_sha256));
    for (const json& node : field<List>(file, "nodes")) {
      where = fmt::format("node {} ({})", interpretation.nodes.size() + 1,
                          node.value("name", "unnamed"));
      interpretation.nodes.push_back(read_node(node, tensors, config));
    }
    where = "its graph";
    topological_order(interpretation);
    return {.interpretation = std::move(interpretation), .sha256 = interp::sha256(text)};
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}: {}", path.string(), where, error.what()));
  }
}

}  // namespace assay::circuits
