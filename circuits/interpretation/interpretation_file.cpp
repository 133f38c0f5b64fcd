#include "circuits/interpretation/interpretation_file.h"

#include <fmt/format.h>

#include <stdexcept>

#include "circuits/interpretation/operations.h"
#include "interp/files/file_pair.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/files/json_text.h"
#include "interp/files/safetensors.h"
#include "interp/network/places.h"

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

const interp::Shape& head_shape() {
  using namespace interp::json_shapes;
  static const interp::Shape shape = object({{"format", text()}, {"version", integer()}});
  return shape;
}

const interp::Shape& file_shape() {
  using namespace interp::json_shapes;
  static const interp::Shape shape = closed_object(
      {{"format", text()},
       {"version", integer()},
       {"title", text()},
       {"task", nullable(object({{"name", text()}, optional("settings", map(anything()))}))},
       {"model_sha256", text()},
       {"fitted_on", nullable(map(anything()))},
       {"tensors_sha256", text()},
       {"output", text()},
       {"nodes", list(map(anything()))}});
  return shape;
}

const interp::Shape& node_shape() {
  using namespace interp::json_shapes;
  const interp::Shape operation = closed_object(
      {{"operation", text()}, {"parameters", map(anything())}, {"tensors", map(text())}});
  static const interp::Shape shape = closed_object(
      {{"name", text()},
       {"parents", list(text())},
       {"sites", list(text())},
       {"reads", list(text())},
       {"h", operation},
       {"alpha", operation},
       {"gamma", operation},
       {"equality", operation},
       {"evidence",
        list(object({optional("statement", text()), optional("supports", boolean())}))}});
  return shape;
}

using Strings = std::vector<std::string>;

Operation read_operation(const ordered_json& node, const std::string& role,
                         const interp::TensorMap& tensors) {
  const ordered_json& from = node.at(role);
  Operation operation{
      .name = from.at("operation"), .parameters = json(from.at("parameters")), .tensors = {}};
  for (const auto& [name, key] : from.at("tensors").items()) {
    const auto found = tensors.find(key.get<std::string>());
    if (found == tensors.end())
      throw std::runtime_error(fmt::format("{} names the tensor '{}', which its file does not hold",
                                           role, key.get<std::string>()));
    operation.tensors[name] = found->second;
  }
  try {
    require_finite(operation);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", role, error.what()));
  }
  return operation;
}

ordered_json write_sites(const std::vector<interp::Site>& sites) {
  ordered_json list = ordered_json::array();
  for (const interp::Site& site : sites) list.push_back(interp::to_string(site));
  return list;
}

std::vector<interp::Site> read_sites(const Strings& list, const interp::Places& places) {
  std::vector<interp::Site> sites;
  for (const std::string& text : list) sites.push_back(interp::parse_site(text, places));
  return sites;
}

Node read_node(const ordered_json& from, const interp::TensorMap& tensors,
               const interp::Places& places) {
  return {.name = from.at("name"),
          .parents = from.at("parents").get<Strings>(),
          .sites = read_sites(from.at("sites").get<Strings>(), places),
          .reads = read_sites(from.at("reads").get<Strings>(), places),
          .h = read_operation(from, "h", tensors),
          .alpha = read_operation(from, "alpha", tensors),
          .gamma = read_operation(from, "gamma", tensors),
          .equality = read_operation(from, "equality", tensors),
          .evidence = json(from.at("evidence"))};
}

// `node 2 (or)`, also where it has no name.
std::string node_in_words(const ordered_json& node, size_t number) {
  const auto name = node.find("name");
  const bool named = name != node.end() && name->is_string();
  return fmt::format("node {} ({})", number,
                     named ? interp::cut_short(name->get<std::string>(), 80) : "unnamed");
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

LoadedInterpretation load_interpretation(const fs::path& path, const interp::Places& places,
                                         const std::string& model_sha256) {
  fs::path tensor_path = tensors_beside(path);
  const std::string text = interp::read_file(path, interp::kJsonBytes);
  const std::string name = path.string() + ": the file";
  const ordered_json file = interp::parse_json(text, name);
  interp::require_shape(file, head_shape(), name);
  std::string where = "the file";
  try {
    if (file.at("format") != "assay interpretation" || file.at("version") != kVersion)
      throw std::runtime_error(
          fmt::format("expected an assay interpretation of version {}", kVersion));
    if (const auto problem = interp::mismatch(file, file_shape()))
      throw std::runtime_error(*problem);
    const std::string tensors_sha256 = file.at("tensors_sha256");
    tensor_path = interp::data_of_pair(tensor_path, tensors_sha256);
    const interp::TensorMap tensors = interp::read_safetensors(tensor_path).tensors;
    if (interp::sha256_of_file(tensor_path) != tensors_sha256)
      throw std::runtime_error(
          fmt::format("{} is not the file that was written with it", tensor_path.string()));
    Interpretation interpretation{.title = file.at("title"),
                                  .task = json(file.at("task")),
                                  .model_sha256 = file.at("model_sha256"),
                                  .fitted_on = json(file.at("fitted_on")),
                                  .output = file.at("output"),
                                  .nodes = {}};
    // Before the sites: those of another model may not exist in this one.
    if (!model_sha256.empty() && interpretation.model_sha256 != model_sha256)
      throw std::runtime_error(
          fmt::format("derived from another model: expected sha256 {:.12}…, the model has {:.12}…",
                      interpretation.model_sha256, model_sha256));
    for (const ordered_json& node : file.at("nodes")) {
      where = node_in_words(node, interpretation.nodes.size() + 1);
      if (const auto problem = interp::mismatch(node, node_shape()))
        throw std::runtime_error(*problem);
      interpretation.nodes.push_back(read_node(node, tensors, places));
    }
    where = "its graph";
    topological_order(interpretation);
    return {.interpretation = std::move(interpretation), .sha256 = interp::sha256(text)};
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}: {}", path.string(), where, error.what()));
  }
}

}  // namespace assay::circuits
