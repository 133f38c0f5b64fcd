#include "circuits/interpretation_file.h"

#include <fmt/format.h>

#include <stdexcept>

#include "interp/files.h"
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
    tensors[key] = tensor.detach().cpu().contiguous();
  }
  return {{"operation", operation.name}, {"parameters", operation.parameters}, {"tensors", names}};
}

Operation read_operation(const json& node, const char* role, const interp::TensorMap& tensors) {
  const json& from = node.at(role);
  Operation operation{.name = from.at("operation"), .parameters = from.at("parameters"), .tensors = {}};
  for (const auto& [name, key] : from.at("tensors").items()) {
    const auto found = tensors.find(key.get<std::string>());
    if (found == tensors.end())
      throw std::runtime_error(
          fmt::format("{} names the tensor '{}', which its file does not hold", role, key.dump()));
    operation.tensors[name] = found->second;
  }
  return operation;
}

ordered_json write_sites(const std::vector<interp::Site>& sites) {
  ordered_json list = ordered_json::array();
  for (const interp::Site& site : sites) list.push_back(interp::to_string(site));
  return list;
}

std::vector<interp::Site> read_sites(const json& list, const interp::TransformerConfig& config) {
  std::vector<interp::Site> sites;
  for (const std::string text : list) sites.push_back(interp::parse_site(text, config));
  return sites;
}

Node read_node(const json& from, const interp::TensorMap& tensors,
               const interp::TransformerConfig& config) {
  return {.name = from.at("name"),
          .parents = from.at("parents"),
          .sites = read_sites(from.at("sites"), config),
          .reads = read_sites(from.at("reads"), config),
          .h = read_operation(from, "h", tensors),
          .alpha = read_operation(from, "alpha", tensors),
          .gamma = read_operation(from, "gamma", tensors),
          .equality = read_operation(from, "equality", tensors),
          .evidence = from.at("evidence")};
}

}  // namespace

void save_interpretation(const Interpretation& interpretation, const fs::path& path) {
  const fs::path tensor_path = tensors_beside(path);
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
  interp::write_safetensors(tensor_path, numbers);
  const ordered_json file = {{"format", "assay interpretation"},
                             {"version", kVersion},
                             {"title", interpretation.title},
                             {"task", interpretation.task},
                             {"model_sha256", interpretation.model_sha256},
                             {"fitted_on", interpretation.fitted_on},
                             {"tensors_sha256", interp::sha256_of_file(tensor_path)},
                             {"output", interpretation.output},
                             {"nodes", nodes}};
  interp::write_file(path, file.dump(1) + "\n");
}

LoadedInterpretation load_interpretation(const fs::path& path,
                                         const interp::TransformerConfig& config) {
  const fs::path tensor_path = tensors_beside(path);
  const std::string text = interp::read_file(path);
  std::string where = "the file";
  try {
    const json file = json::parse(text);
    if (file.at("format") != "assay interpretation" || file.at("version") != kVersion)
      throw std::runtime_error(fmt::format("expected an assay interpretation of version {}", kVersion));
    const interp::TensorMap tensors = interp::read_safetensors(tensor_path).tensors;
    if (interp::sha256_of_file(tensor_path) != file.at("tensors_sha256"))
      throw std::runtime_error(
          fmt::format("{} is not the file that was written with it", tensor_path.string()));
    Interpretation interpretation{.title = file.at("title"),
                                  .task = file.at("task"),
                                  .model_sha256 = file.at("model_sha256"),
                                  .fitted_on = file.at("fitted_on"),
                                  .output = file.at("output"),
                                  .nodes = {}};
    for (const json& node : file.at("nodes")) {
      where = fmt::format("node {} ({})", interpretation.nodes.size() + 1, node.value("name", "unnamed"));
      interpretation.nodes.push_back(read_node(node, tensors, config));
    }
    topological_order(interpretation);
    return {.interpretation = std::move(interpretation), .sha256 = interp::sha256(text)};
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}: {}", path.string(), where, error.what()));
  }
}

}  // namespace assay::circuits
