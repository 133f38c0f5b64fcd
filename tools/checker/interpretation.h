#pragma once
// What an interpretation claims: nodes, each with what it computes (h), how it is read off the
// network (alpha), how it is written (gamma), and which values count as equal.

#include "interval.h"

namespace checker {

/// An operation must be this one, with these tensors and parameters and no others.
/// @return its parameters.
inline const Json& require_operation(const Json& operation, const std::string& name,
                                     const std::set<std::string>& parameters,
                                     const std::set<std::string>& tensors = {}) {
  require<CannotCheck>(operation["operation"] == name, "operation '", text(operation["operation"]),
                       "', where '", name, "' is known");
  require_members(operation["tensors"], tensors);
  require_members(operation["parameters"], parameters);
  return operation["parameters"];
}

struct Interpretation {
  std::string sha256, tensors_sha256;
  Json json;  ///< the file; the members of the whole and of its nodes are as they must be
  Tensors tensors;

  /// Reads X.json and X.safetensors beside it.
  explicit Interpretation(const std::string& path) {
    const File file = read_file(path);
    const File side = read_file(std::filesystem::path(path).replace_extension("safetensors"));
    json = parse_json(file.bytes), tensors = read_safetensors(side.bytes);
    sha256 = file.sha256, tensors_sha256 = side.sha256;
    require_members(json, {"format", "version", "title", "task", "model_sha256", "fitted_on",
                           "tensors_sha256", "output", "nodes"});
    require<BadInput>(json["format"] == "assay interpretation" && json["version"] == 1, path,
                      ": no interpretation of version 1");
    require<BadInput>(json["tensors_sha256"] == side.sha256, path,
                      ": the tensors beside it are not its own (SHA-256)");
    for (const Json& node : list(json["nodes"])) {
      require_members(node, {"name", "parents", "sites", "reads", "h", "alpha", "gamma", "equality",
                             "evidence"});
      text(node["name"]), list(node["parents"]);
      for (const char* operation : {"h", "alpha", "gamma", "equality"})
        require_members(node[operation], {"operation", "parameters", "tensors"});
    }
  }

  const Json& node(const Json& name) const {
    const Json* found = nullptr;
    for (const Json& node : json["nodes"])
      if (node["name"] == name) {
        require<BadInput>(!found, "the interpretation has two nodes ", name);
        found = &node;
      }
    require<BadInput>(found, "the interpretation has no node ", name);
    return *found;
  }
  const Json& output() const { return node(json["output"]); }

  /// What h does from the tokens to the output, operation by operation. Each node on the way is the
  /// one parent of the next.
  std::vector<Json> chain() const {
    std::vector<Json> all;
    const Json* last = &output();
    for (size_t nodes = 1;; ++nodes, last = &node(last->at("parents")[0])) {
      std::vector<Json> steps = {last->at("h")};
      if (steps[0]["operation"] == "chain")
        steps = list(require_operation(last->at("h"), "chain", {"steps"})["steps"]);
      for (Json& step : steps) {
        if (step.is_object()) step.emplace("tensors", Json::object());  // may be left out of steps
        require_members(step, {"operation", "parameters", "tensors"});
      }
      all.insert(all.begin(), steps.begin(), steps.end());
      if (last->at("parents") == Json::array({"tokens"})) return all;
      require<CannotCheck>(last->at("parents").size() == 1 && nodes < json["nodes"].size(),
                           "h: node ", last->at("name"), " has several parents");
    }
  }

  /// @param key  of one of the operation's tensors.
  const Tensor& tensor_of(const Json& operation, const char* key, const Integers& shape) const {
    return tensor(tensors, text(operation["tensors"][key]), shape);
  }

  /// The tokens that the output's alpha chooses from; h's value is an index into them.
  Integers answers(int64_t d_output) const {
    const Json& parameters = require_operation(output()["alpha"], "argmax_of", {"tokens"});
    const auto tokens = integers(parameters["tokens"], 0, d_output - 1);
    require<CannotCheck>(
        tokens.size() > 1 && std::set(tokens.begin(), tokens.end()).size() == tokens.size(),
        "argmax_of: expected two different tokens or more");
    return tokens;
  }
};

}  // namespace checker
