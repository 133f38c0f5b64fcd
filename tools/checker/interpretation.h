#pragma once
// What an interpretation claims: nodes, each with what it computes (h), how it is read off the
// network (alpha), how it is written (gamma), and which values count as equal.

#include "interval.h"

namespace checker {

struct Operation {
  std::string name;
  Json parameters;
  Tensors tensors;

  Operation(const Json& json, const Tensors& all) {
    require_members(json, {"operation", "parameters", "tensors"});
    name = text(json["operation"]), parameters = json["parameters"];
    for (const auto& [key, stored] : json["tensors"].items()) {
      const auto found = all.find(text(stored));
      checker::require<BadInput>(found != all.end(), "tensor ", stored, " is missing");
      tensors.emplace(key, found->second);
    }
  }

  /// Is it this one, with these parameters and tensors and no others?
  void require(const std::string& known, const std::set<std::string>& parameter_names,
               const std::set<std::string>& tensor_names = {}) const {
    const bool same = std::ranges::equal(std::views::keys(tensors), tensor_names);
    checker::require<CannotCheck>(name == known && same, "operation '", name, "', where '", known,
                                  "' is known");
    require_members(parameters, parameter_names);
  }
};

struct Node {
  std::string name;
  Json parents, sites, reads;
  Operation h, alpha, gamma, equality;
};

struct Interpretation {
  std::string sha256, tensors_sha256, model_sha256, output;
  Json task;  ///< name and settings
  std::vector<Node> nodes;

  /// Reads X.json and X.safetensors beside it.
  explicit Interpretation(const std::string& path) {
    const File file = read_file(path);
    const File side = read_file(std::filesystem::path(path).replace_extension("safetensors"));
    const Json json = parse_json(file.bytes);
    require_members(json, {"format", "version", "title", "task", "model_sha256", "fitted_on",
                           "tensors_sha256", "output", "nodes"});
    require<BadInput>(json["format"] == "assay interpretation" && json["version"] == 1, path,
                      ": no interpretation of version 1");
    require<BadInput>(json["tensors_sha256"] == side.sha256, path,
                      ": the tensors beside it are not its own (SHA-256)");
    sha256 = file.sha256, tensors_sha256 = side.sha256;
    model_sha256 = text(json["model_sha256"]), output = text(json["output"]), task = json["task"];
    const Tensors all = read_safetensors(side.bytes);
    for (const Json& node : list(json["nodes"])) {
      require_members(node, {"name", "parents", "sites", "reads", "h", "alpha", "gamma", "equality",
                             "evidence"});
      nodes.push_back({text(node["name"]), node["parents"], node["sites"], node["reads"],
                       Operation(node["h"], all), Operation(node["alpha"], all),
                       Operation(node["gamma"], all), Operation(node["equality"], all)});
    }
  }

  const Node& node(const std::string& name) const {
    const auto found = std::ranges::find(nodes, name, &Node::name);
    require<BadInput>(found != nodes.end() && std::ranges::count(nodes, name, &Node::name) == 1,
                      "the interpretation has no node '", name, "', or two");
    return *found;
  }
  /// h of the nodes from the first to the output, each the one parent of the next.
  std::vector<Operation> chain() const {
    const Node* last = &node(output);
    std::vector<Operation> all = {last->h};
    while (last->parents != Json::array({"tokens"})) {
      require<CannotCheck>(last->parents.size() == 1 && all.size() < nodes.size(), "h: node '",
                           last->name, "' has several parents");
      last = &node(text(list(last->parents)[0]));
      all.insert(all.begin(), last->h);
    }
    return all;
  }
  /// The tokens that the output's alpha chooses from; h's value is an index into them.
  Integers answers(int64_t d_output) const {
    const Operation& alpha = node(output).alpha;
    alpha.require("argmax_of", {"tokens"});
    const auto tokens = integers(alpha.parameters["tokens"], 0, d_output - 1);
    require<CannotCheck>(
        tokens.size() > 1 && std::set(tokens.begin(), tokens.end()).size() == tokens.size(),
        "argmax_of: expected two different tokens or more");
    return tokens;
  }
};

}  // namespace checker
