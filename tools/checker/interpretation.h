#pragma once
// What an interpretation claims: nodes, each with what it computes (h), how it is read off the
// network (alpha), how it is written (gamma), and which values count as equal.

#include "interval.h"

namespace checker {

struct Operation {
  std::string name;
  Json parameters;
  Tensors tensors;

  Operation(const Json& json, const Tensors& all)
      : name(text(json.at("operation"))), parameters(json.at("parameters")) {
    require_members(json, {"operation", "parameters", "tensors"});
    for (const auto& [key, stored] : json["tensors"].items()) {
      if (!all.contains(text(stored))) throw BadInput("tensor '" + text(stored) + "' is missing");
      tensors[key] = all.at(text(stored));
    }
  }

  /// Is it this one, with these parameters and tensors and no others?
  void require(const std::string& known, const std::set<std::string>& parameter_names,
               const std::set<std::string>& tensor_names = {}) const {
    std::set<std::string> has;
    for (const auto& [key, tensor] : tensors) has.insert(key);
    if (name != known || has != tensor_names)
      throw CannotCheck("operation '" + name + "', where '" + known + "' is known");
    require_members(parameters, parameter_names);
  }
  Tensor tensor(const std::string& key, const std::vector<int64_t>& shape) const {
    Tensors copy = tensors;
    return take(copy, key, shape);
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
    if (json["format"] != "assay interpretation" || json["version"] != 1)
      throw BadInput(path + ": no interpretation of version 1");
    if (json["tensors_sha256"] != side.sha256)
      throw BadInput(path + ": the tensors beside it are not its own (SHA-256)");
    sha256 = file.sha256, tensors_sha256 = side.sha256;
    model_sha256 = text(json["model_sha256"]), output = text(json["output"]), task = json["task"];
    const Tensors tensors = read_safetensors(side.bytes);
    for (const Json& node : list(json["nodes"])) {
      require_members(node, {"name", "parents", "sites", "reads", "h", "alpha", "gamma", "equality",
                             "evidence"});
      nodes.push_back({text(node["name"]), node["parents"], node["sites"], node["reads"],
                       Operation(node["h"], tensors), Operation(node["alpha"], tensors),
                       Operation(node["gamma"], tensors), Operation(node["equality"], tensors)});
    }
  }

  const Node& node(const std::string& name) const {
    const auto found = std::ranges::find(nodes, name, &Node::name);
    if (found == nodes.end() || std::ranges::count(nodes, name, &Node::name) > 1)
      throw BadInput("the interpretation has no node '" + name + "', or two");
    return *found;
  }
  /// The one parent of a node.
  const Node& before(const Node& child) const {
    if (child.parents.size() != 1)
      throw CannotCheck("node '" + child.name + "' has several parents");
    return node(text(child.parents[0]));
  }

  /// The tokens that the output's alpha chooses from; h's value is an index into them.
  std::vector<int64_t> answers(int64_t d_vocab) const {
    node(output).alpha.require("argmax_of", {"tokens"});
    const auto tokens = integers(node(output).alpha.parameters["tokens"], 0, d_vocab - 1);
    if (tokens.size() < 2 || std::set(tokens.begin(), tokens.end()).size() != tokens.size())
      throw CannotCheck("argmax_of: expected two different tokens or more");
    return tokens;
  }
};

/// Which assignments satisfy a clause of two literal tokens: bit a of the mask, where bit i of a is
/// the value of variable i. Token i is x_i, n + i its negation; of two paddings (2n + 5) all do.
inline uint64_t truth_table(int64_t left, int64_t right, int64_t n) {
  const bool padding = left == 2 * n + 5 && right == left;
  if (!padding && std::max(left, right) >= 2 * n)
    throw CannotCheck("a clause of other tokens than two literals or two paddings");
  uint64_t mask = 0;
  for (int64_t a = 0; a < int64_t{1} << n; ++a) {
    const auto holds = [&](int64_t literal) { return (a >> literal % n & 1) == (literal < n); };
    if (padding || holds(left) || holds(right)) mask |= uint64_t{1} << a;
  }
  return mask;
}

/// A program over which assignments satisfy all clauses (`satisfied[a]`; -1: not known):
///   true | false | {"assignment": a, "yes": program, "no": program} | {"any_of": [a, …]}
/// @return whether it is on however the unknown ones turn out.
inline bool always_on(const Json& program, std::vector<int>& satisfied) {
  const auto last = static_cast<int64_t>(satisfied.size()) - 1;
  if (program.is_boolean()) return program.get<bool>();
  if (program.contains("any_of")) {  // certain only by one that is known to hold
    require_members(program, {"any_of"});
    const auto set = integers(program["any_of"], 0, last);
    return std::ranges::any_of(set, [&](int64_t a) { return satisfied[a] == 1; });
  }
  require_members(program, {"assignment", "yes", "no"});
  const int64_t a = integer(program["assignment"], 0, last);
  if (satisfied[a] >= 0) return always_on(program[satisfied[a] ? "yes" : "no"], satisfied);
  satisfied[a] = 1;
  const bool yes = always_on(program["yes"], satisfied);
  satisfied[a] = 0;
  const bool no = always_on(program["no"], satisfied);
  satisfied[a] = -1;
  return yes && no;
}

/// The composed h, from tokens to the output, of the two chains that this program knows:
///   tokens_at -> truth_table_programs -> any
///   fourier_components -> angle_sums -> argmax_of_differences
class Program {
 public:
  Program(const Interpretation& claim, int64_t length, int64_t d_vocab)
      : answers(claim.answers(d_vocab)) {
    const Operation& last = claim.node(claim.output).h;
    const Node& middle = claim.before(claim.node(claim.output));
    const Node& first = claim.before(middle);
    if (first.parents != Json::array({"tokens"})) throw CannotCheck("h is no chain of three nodes");
    if (first.h.name == "tokens_at") {
      first.h.require("tokens_at", {"positions"});
      middle.h.require("truth_table_programs", {"variables", "programs"});
      last.require("any", {});
      variables = integer(middle.h.parameters["variables"], 1, 6);
      programs = list(middle.h.parameters["programs"]);
      for (const Json& group : list(first.h.parameters["positions"]))
        positions.push_back(integers(group, 0, length - 1));
      for (const auto& group : positions)
        if (group.size() != 2) throw CannotCheck("tokens_at: clauses of other than two literals");
      std::vector<int> unknown(size_t{1} << variables, -1);
      for (const Json& program : programs)
        always_on(program, unknown);  // is well-formed throughout
      if (answers.size() != 2) throw CannotCheck("argmax_of: expected two tokens");
      return;
    }
    const bool rounded = first.h.parameters.contains("decimals");
    std::set<std::string> parameters = {"p", "frequencies"};
    last.require("argmax_of_differences", parameters);
    middle.h.require("angle_sums", {});
    if (rounded) parameters.insert("decimals");
    first.h.require("fourier_components", parameters);
    read_ = waves(first.h, rounded ? integer(first.h.parameters["decimals"], 0, 9) : -1);
    fit_ = waves(last, -1);
    if (length < 2 || fit_.size() != answers.size() || read_[0].size() != fit_[0].size())
      throw CannotCheck("h: its waves and answers do not fit together");
  }

  std::vector<int64_t> answers;
  int64_t variables = 0;                        ///< 0: it is not about clauses
  std::vector<std::vector<int64_t>> positions;  ///< of the two literals of each clause
  Json programs;

  struct Answer {
    int64_t token;    ///< -1: the enclosures leave it open
    Interval margin;  ///< the largest value less the next, where h ends in a maximum
  };
  Answer run(const std::vector<int64_t>& tokens) const {
    if (!variables) return largest_wave(tokens);
    uint64_t mask = ~uint64_t{0};
    for (const auto& group : positions)
      mask &= truth_table(tokens[group[0]], tokens[group[1]], variables);
    std::vector<int> satisfied(size_t{1} << variables);
    for (size_t a = 0; a < satisfied.size(); ++a) satisfied[a] = static_cast<int>(mask >> a & 1);
    bool any = false;
    for (const Json& program : programs) any = any || always_on(program, satisfied);
    return {answers[any], {}};
  }

 private:
  // cos w(a + b) and sin w(a + b) by the addition formulas, then the c whose waves fit best:
  // Σ cos w(a + b - c) over the frequencies is largest.
  Answer largest_wave(const std::vector<int64_t>& tokens) const {
    if (std::max(tokens[0], tokens[1]) >= static_cast<int64_t>(read_.size()))
      throw CannotCheck("fourier_components: a token beyond p");
    const Vector &a = read_[tokens[0]], &b = read_[tokens[1]];
    const size_t n = a.size() / 2;
    Vector sum(2 * n), fits;
    for (size_t k = 0; k < n; ++k) {
      sum[k] = a[k] * b[k] - a[n + k] * b[n + k];
      sum[n + k] = a[n + k] * b[k] + a[k] * b[n + k];
    }
    for (const Vector& waves : fit_) fits.push_back(dot(sum, waves));
    const Decision decision = decide(fits);
    return {decision.winner < 0 ? -1 : answers[decision.winner], decision.margin};
  }

  // [p][2 · frequencies]: cosines, then sines, rounded to `decimals` unless that is negative.
  static std::vector<Vector> waves(const Operation& operation, int64_t decimals) {
    const int64_t p = integer(operation.parameters["p"], 2, 4096);
    std::vector<Vector> table(p);
    for (int64_t n = 0; n < p; ++n)
      for (const bool sine : {false, true})
        for (const int64_t k : integers(operation.parameters["frequencies"], 0, p))
          table[n].push_back(wave(sine, k * n % p, p));
    if (decimals < 0) return table;
    const double scale = std::pow(10, decimals);
    for (Vector& row : table)
      for (Interval& x : row) {
        const Interval scaled = x * scale;
        const double whole = std::floor(scaled.low() + (0.5 - 1e-9));
        if (whole != std::floor(scaled.high + (0.5 + 1e-9)))
          throw CannotCheck("a wave lies too near to a half to be rounded");
        x = Interval(whole) / scale;
      }
    return table;
  }

  std::vector<Vector> read_, fit_;
};

}  // namespace checker
