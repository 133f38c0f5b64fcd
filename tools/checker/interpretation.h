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
      checker::require<BadInput>(all.contains(text(stored)),
                                 "tensor " + stored.dump() + " is missing");
      tensors[key] = all.at(stored);
    }
  }

  /// Is it this one, with these parameters and tensors and no others?
  void require(const std::string& known, const std::set<std::string>& parameter_names,
               const std::set<std::string>& tensor_names = {}) const {
    std::set<std::string> has;
    for (const auto& [key, tensor] : tensors) has.insert(key);
    checker::require<CannotCheck>(name == known && has == tensor_names,
                                  "operation '" + name + "', where '" + known + "' is known");
    require_members(parameters, parameter_names);
  }
  Tensor tensor(const std::string& key, const Integers& shape) const {
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
    require<BadInput>(json["format"] == "assay interpretation" && json["version"] == 1,
                      path + ": no interpretation of version 1");
    require<BadInput>(json["tensors_sha256"] == side.sha256,
                      path + ": the tensors beside it are not its own (SHA-256)");
    sha256 = file.sha256, tensors_sha256 = side.sha256;
    model_sha256 = text(json["model_sha256"]), output = text(json["output"]), task = json["task"];
    const Tensors all = read_safetensors(side.bytes);
    for (const Json& node : list(json["nodes"])) {
      require_members(node, {"name", "parents", "sites", "reads", "h", "alpha", "gamma", "equality",
                             "evidence"});
      const auto operation = [&](const char* name) { return Operation(node[name], all); };
      nodes.push_back({text(node["name"]), node["parents"], node["sites"], node["reads"],
                       operation("h"), operation("alpha"), operation("gamma"),
                       operation("equality")});
    }
  }

  const Node& node(const std::string& name) const {
    const auto found = std::ranges::find(nodes, name, &Node::name);
    require<BadInput>(found != nodes.end() && std::ranges::count(nodes, name, &Node::name) == 1,
                      "the interpretation has no node '" + name + "', or two");
    return *found;
  }
  /// The nodes from the first to the output, each the one parent of the next.
  std::vector<const Node*> chain() const {
    std::vector<const Node*> all = {&node(output)};
    while (all.front()->parents != Json::array({"tokens"})) {
      const bool one = all.front()->parents.size() == 1 && all.size() < nodes.size();
      require<CannotCheck>(one, "h: node '" + all.front()->name + "' has several parents");
      all.insert(all.begin(), &node(text(all.front()->parents[0])));
    }
    return all;
  }
  /// The tokens that the output's alpha chooses from; h's value is an index into them.
  Integers answers(int64_t d_output) const {
    node(output).alpha.require("argmax_of", {"tokens"});
    const auto tokens = integers(node(output).alpha.parameters["tokens"], 0, d_output - 1);
    require<CannotCheck>(
        tokens.size() > 1 && std::set(tokens.begin(), tokens.end()).size() == tokens.size(),
        "argmax_of: expected two different tokens or more");
    return tokens;
  }
};

/// Which assignments satisfy a clause of two literal tokens: bit a of the mask, where bit i of a is
/// the value of variable i. Token i is x_i, n + i its negation; of two paddings (2n + 5) all do.
inline uint64_t truth_table(int64_t left, int64_t right, int64_t n) {
  const bool padding = left == 2 * n + 5 && right == left;
  require<CannotCheck>(padding || std::max(left, right) < 2 * n,
                       "a clause of other tokens than two literals or two paddings");
  uint64_t mask = 0;
  for (int64_t a = 0; a < int64_t{1} << n; ++a) {
    const auto holds = [&](int64_t literal) { return (a >> literal % n & 1) == (literal < n); };
    if (padding || holds(left) || holds(right)) mask |= uint64_t{1} << a;
  }
  return mask;
}

/// Parentheses, `(` being token 0: no prefix has more `)` than `(`, and the whole as many of both.
inline bool balanced(const Integers& tokens) {
  int64_t depth = 0, lowest = 0;
  for (const int64_t token : tokens) {
    if (token > 1) throw CannotCheck("a token that is no parenthesis");
    lowest = std::min(lowest, depth += token == 0 ? 1 : -1);
  }
  return depth == 0 && lowest == 0;
}

/// A program over which assignments satisfy all clauses (`satisfied[a]`; -1: not known):
///   true | false | {"assignment": a, "yes": program, "no": program} | {"any_of": [a, …]}
/// @return whether it is on however the unknown ones turn out.
inline bool always_on(const Json& program, std::vector<int>& satisfied) {
  const auto last = static_cast<int64_t>(satisfied.size()) - 1;
  if (program.is_boolean()) return program;
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

/// The composed h, from tokens to the output, of the three chains that this program knows:
///   tokens_at -> truth_table_programs -> any
///   fourier_components -> angle_sums -> argmax_of_differences
///   prefix_facts -> balanced_by
class Program {
 public:
  Program(const Interpretation& claim, int64_t length, int64_t d_output)
      : answers(claim.answers(d_output)) {
    const auto chain = claim.chain();
    const Operation &first = chain.front()->h, &middle = chain[chain.size() / 2]->h,
                    &last = chain.back()->h;
    if (first.name == "prefix_facts") {
      read_facts(first, last, chain.size());
    } else {
      require<CannotCheck>(chain.size() == 3, "h is no chain of nodes that is known");
      first.name == "tokens_at" ? read_clauses(first, middle, last, length)
                                : read_waves(first, middle, last, length);
    }
  }

  Integers answers;
  int64_t variables = 0;            ///< 0: it is not about clauses
  std::vector<Integers> positions;  ///< of the two literals of each clause
  Json programs;
  bool has_margin() const { return !fit_.empty(); }  ///< h ends in a maximum

  Answer run(const Integers& tokens) const {
    if (has_margin()) return largest_wave(tokens);
    if (!variables) return {answers[balanced(tokens)], {}};
    uint64_t mask = ~uint64_t{0};
    for (const auto& clause : positions)
      mask &= truth_table(tokens[clause[0]], tokens[clause[1]], variables);
    std::vector<int> satisfied(size_t{1} << variables);
    for (size_t a = 0; a < satisfied.size(); ++a) satisfied[a] = static_cast<int>(mask >> a & 1);
    const auto on = [&](const Json& program) { return always_on(program, satisfied); };
    return {answers[std::any_of(programs.begin(), programs.end(), on)], {}};
  }

 private:
  void read_clauses(const Operation& first, const Operation& middle, const Operation& last,
                    int64_t length) {
    first.require("tokens_at", {"positions"});
    middle.require("truth_table_programs", {"variables", "programs"});
    last.require("any", {});
    variables = integer(middle.parameters["variables"], 1, 6);
    programs = list(middle.parameters["programs"]);
    for (const Json& group : list(first.parameters["positions"])) {
      positions.push_back(integers(group, 0, length - 1));
      require<CannotCheck>(group.size() == 2, "tokens_at: clauses of other than two literals");
    }
    std::vector<int> unknown(size_t{1} << variables, -1);
    for (const Json& program : programs) always_on(program, unknown);  // is well-formed throughout
    require<CannotCheck>(answers.size() == 2, "argmax_of: expected two tokens");
  }

  // Facts about all prefixes, and the answer from them. All that the answer needs of them is the
  // last depth and whether one was negative: it is `balanced`, whichever facts tell both.
  void read_facts(const Operation& first, const Operation& last, size_t nodes) {
    first.require("prefix_facts", {"facts"});
    last.require("balanced_by", {"facts"});
    std::set<std::string> facts;
    for (const Json& fact : list(first.parameters["facts"])) facts.insert(text(fact));
    const auto has = [&](const char* name) { return facts.erase(name) > 0; };
    const bool depth = has("depth"), token = has("token"), now = has("violation"),
               ever = has("violated");
    require<CannotCheck>(nodes == 2 && (depth || (token && (now || ever))) && facts.empty() &&
                             last.parameters == first.parameters && answers == Integers{0, 1},
                         "balanced_by: other facts than are read, or other answers");
  }

  void read_waves(const Operation& first, const Operation& middle, const Operation& last,
                  int64_t length) {
    const bool rounded = first.parameters.contains("decimals");
    std::set<std::string> parameters = {"p", "frequencies"};
    last.require("argmax_of_differences", parameters);
    middle.require("angle_sums", {});
    if (rounded) parameters.insert("decimals");
    first.require("fourier_components", parameters);
    read_ = waves(first, rounded ? integer(first.parameters["decimals"], 0, 9) : -1);
    fit_ = waves(last, -1);
    require<CannotCheck>(
        length >= 2 && fit_.size() == answers.size() && read_[0].size() == fit_[0].size(),
        "h: its waves and answers do not fit together");
  }

  // cos w(a + b) and sin w(a + b) by the addition formulas, then the c whose waves fit best:
  // Σ cos w(a + b - c) over the frequencies is largest.
  Answer largest_wave(const Integers& tokens) const {
    require<CannotCheck>(std::max(tokens[0], tokens[1]) < std::ssize(read_),
                         "fourier_components: a token beyond p");
    const Vector &a = read_[tokens[0]], &b = read_[tokens[1]];
    const size_t n = a.size() / 2;
    Vector sum(2 * n), fits;
    for (size_t k = 0; k < n; ++k) {
      sum[k] = a[k] * b[k] - a[n + k] * b[n + k];
      sum[n + k] = a[n + k] * b[k] + a[k] * b[n + k];
    }
    for (const Vector& waves : fit_) fits.push_back(dot(sum, waves));
    return decide(fits, answers);
  }

  // [p][2 · frequencies]: cosines, then sines, rounded to `decimals` unless that is negative.
  static std::vector<Vector> waves(const Operation& operation, int64_t decimals) {
    const int64_t p = integer(operation.parameters["p"], 2, 4096);
    const Interval scale = std::pow(10, decimals);
    std::vector<Vector> table(p);
    for (int64_t n = 0; n < p; ++n)
      for (const bool sine : {false, true})
        for (const int64_t k : integers(operation.parameters["frequencies"], 0, p)) {
          const Interval exact = wave(sine, k * n % p, p), scaled = exact * scale;
          const double whole = std::floor(scaled.low() + (0.5 - 1e-9));
          require<CannotCheck>(decimals < 0 || whole == std::floor(scaled.high + (0.5 + 1e-9)),
                               "a wave lies too near to a half to be rounded");
          table[n].push_back(decimals < 0 ? exact : Interval(whole) / scale);
        }
    return table;
  }

  std::vector<Vector> read_, fit_;
};

}  // namespace checker
