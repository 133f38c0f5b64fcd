#include "interpretation.h"

namespace checker {
namespace {

std::vector<std::string> texts(const Json& value, const std::string& where) {
  std::vector<std::string> result;
  for (const Json& item : list(value, where)) result.push_back(text(item, where));
  return result;
}

Operation operation(const Json& json, const std::map<std::string, Tensor>& tensors,
                    const std::string& where) {
  require_members(json, {"operation", "parameters", "tensors"}, where);
  if (!json["parameters"].is_object() || !json["tensors"].is_object())
    throw BadInput(where + ": expected objects");
  Operation result{
      .name = text(json["operation"], where), .parameters = json["parameters"], .tensors = {}};
  for (const auto& [name, stored] : json["tensors"].items()) {
    const auto found = tensors.find(text(stored, where));
    if (found == tensors.end()) throw BadInput(where + ": no tensor '" + text(stored, where) + "'");
    result.tensors[name] = found->second;
  }
  return result;
}

std::vector<Vector> waves(const Operation& operation, bool rounded) {
  const int64_t p = integer(operation.parameters.at("p"), 1, 4096, operation.name);
  const auto frequencies = integers(operation.parameters.at("frequencies"), 0, p, operation.name);
  std::vector<Vector> table(p);
  for (int64_t n = 0; n < p; ++n) {
    for (const int64_t k : frequencies) table[n].push_back(cosine_of_turn(k * n % p, p));
    for (const int64_t k : frequencies) table[n].push_back(sine_of_turn(k * n % p, p));
  }
  if (!rounded) return table;
  const double scale =
      std::pow(10, integer(operation.parameters.at("decimals"), 0, 9, operation.name));
  for (Vector& row : table)
    for (Interval& wave : row) {
      const Interval scaled = wave * Interval(scale);
      const double low = std::floor(scaled.low() + (0.5 - 1e-9));
      if (low != std::floor(scaled.high + (0.5 + 1e-9)))
        throw CannotCheck("a wave lies too near to a half to be rounded");
      wave = Interval(low) / Interval(scale);
    }
  return table;
}

}  // namespace

void Operation::require(const std::string& expected, const std::set<std::string>& parameter_names,
                        const std::set<std::string>& tensor_names) const {
  std::set<std::string> parameters_there, tensors_there;
  for (const auto& [key, value] : parameters.items()) parameters_there.insert(key);
  for (const auto& [key, value] : tensors) tensors_there.insert(key);
  if (name != expected)
    throw CannotCheck("operation '" + name + "', where '" + expected + "' is known");
  if (parameters_there != parameter_names || tensors_there != tensor_names)
    throw CannotCheck("operation '" + name + "' has other parameters or tensors than are known");
}

Interpretation::Interpretation(const std::string& path) {
  const File file = read_file(path);
  const size_t dot = path.rfind('.');
  const File side = read_file(path.substr(0, dot) + ".safetensors");
  sha256 = file.sha256;
  tensors_sha256 = side.sha256;
  const Json json = parse_json(file.bytes, path);
  require_members(json,
                  {"format", "version", "title", "task", "model_sha256", "fitted_on",
                   "tensors_sha256", "output", "nodes"},
                  path);
  if (json["format"] != "assay interpretation" || json["version"] != 1)
    throw BadInput(path + ": not an interpretation of version 1");
  if (json["tensors_sha256"] != tensors_sha256)
    throw BadInput(path + ": the tensors beside it are not its own (SHA-256)");
  require_members(json["task"], {"name", "settings"}, path + ": task");
  task = json["task"];
  model_sha256 = text(json["model_sha256"], path);
  output = text(json["output"], path);
  const Safetensors tensors = read_safetensors(side.bytes, path + ": tensors");
  std::set<std::string> names;
  for (const Json& item : list(json["nodes"], path)) {
    require_members(
        item, {"name", "parents", "sites", "reads", "h", "alpha", "gamma", "equality", "evidence"},
        path + ": node");
    Node node{.name = text(item["name"], path),
              .parents = texts(item["parents"], path),
              .sites = texts(item["sites"], path),
              .reads = texts(item["reads"], path),
              .h = operation(item["h"], tensors.tensors, path + ": h"),
              .alpha = operation(item["alpha"], tensors.tensors, path + ": alpha"),
              .gamma = operation(item["gamma"], tensors.tensors, path + ": gamma"),
              .equality = operation(item["equality"], tensors.tensors, path + ": equality")};
    if (!names.insert(node.name).second) throw BadInput(path + ": node '" + node.name + "' twice");
    nodes.push_back(std::move(node));
  }
}

const Node& Interpretation::node(const std::string& name) const {
  for (const Node& node : nodes)
    if (node.name == name) return node;
  throw BadInput("the interpretation has no node '" + name + "'");
}

std::vector<int64_t> Interpretation::answers(int64_t d_vocab) const {
  const Operation& alpha = node(output).alpha;
  alpha.require("argmax_of", {"tokens"}, {});
  const auto tokens = integers(alpha.parameters.at("tokens"), 0, d_vocab - 1, "argmax_of");
  if (tokens.size() < 2 || std::set(tokens.begin(), tokens.end()).size() != tokens.size())
    throw CannotCheck("argmax_of: expected two different tokens or more");
  return tokens;
}

bool always_on(const Json& program, std::vector<int>& satisfied) {
  const auto most = static_cast<int64_t>(satisfied.size()) - 1;
  if (program.is_boolean()) return program.get<bool>();
  if (program.is_object() &&
      program.contains("any_of")) {  // on for certain: one that is known to be
    require_members(program, {"any_of"}, "program");
    const auto set = integers(program["any_of"], 0, most, "program");
    return std::any_of(set.begin(), set.end(), [&](int64_t a) { return satisfied[a] == 1; });
  }
  require_members(program, {"assignment", "yes", "no"}, "program");
  const int64_t a = integer(program["assignment"], 0, most, "program");
  if (satisfied[a] >= 0) return always_on(program[satisfied[a] ? "yes" : "no"], satisfied);
  bool on = true;
  for (const int outcome : {0, 1}) {
    satisfied[a] = outcome;
    on = on && always_on(program[outcome ? "yes" : "no"], satisfied);
  }
  satisfied[a] = -1;
  return on;
}

uint64_t truth_table(int64_t left, int64_t right, int64_t variables) {
  const int64_t padding = 2 * variables + 5, assignments = int64_t{1} << variables;
  if ((left == padding) != (right == padding) ||
      (left != padding && (left >= 2 * variables || right >= 2 * variables)))
    throw CannotCheck("a clause of other tokens than two literals or two paddings");
  const auto holds = [&](int64_t literal, int64_t assignment) {
    return ((assignment >> literal % variables & 1) != 0) == (literal < variables);
  };
  uint64_t mask = 0;
  for (int64_t a = 0; a < assignments; ++a)
    if (left == padding || holds(left, a) || holds(right, a)) mask |= uint64_t{1} << a;
  return mask;
}

Program::Program(const Interpretation& interpretation, int64_t length, int64_t d_vocab)
    : answers_(interpretation.answers(d_vocab)) {
  const Node& last = interpretation.node(interpretation.output);
  if (last.parents.size() != 1 || last.parents[0] == "tokens")
    throw CannotCheck("h: no chain of three");
  const Node& middle = interpretation.node(last.parents[0]);
  if (middle.parents.size() != 1 || middle.parents[0] == "tokens")
    throw CannotCheck("h: no chain of three");
  const Node& first = interpretation.node(middle.parents[0]);
  if (first.parents != std::vector<std::string>{"tokens"})
    throw CannotCheck("h: no chain of three");
  if (first.h.name == "tokens_at") {
    first.h.require("tokens_at", {"positions"}, {});
    middle.h.require("truth_table_programs", {"variables", "programs"}, {});
    last.h.require("any", {}, {});
    for (const Json& group : list(first.h.parameters.at("positions"), "tokens_at"))
      positions_.push_back(integers(group, 0, length - 1, "tokens_at"));
    for (const auto& group : positions_)
      if (group.size() != 2) throw CannotCheck("tokens_at: clauses of other than two literals");
    variables_ = integer(middle.h.parameters.at("variables"), 1, 6, "truth_table_programs");
    programs_ = list(middle.h.parameters.at("programs"), "truth_table_programs");
    if (answers_.size() != 2) throw CannotCheck("argmax_of: expected two tokens");
    return;
  }
  const bool rounded = first.h.parameters.contains("decimals");
  first.h.require("fourier_components",
                  rounded ? std::set<std::string>{"p", "frequencies", "decimals"}
                          : std::set<std::string>{"p", "frequencies"},
                  {});
  middle.h.require("angle_sums", {}, {});
  last.h.require("argmax_of_differences", {"p", "frequencies"}, {});
  read_waves_ = waves(first.h, rounded);
  answer_waves_ = waves(last.h, false);
  if (length < 2 || answer_waves_.size() != answers_.size() || answers_.size() < 2 ||
      read_waves_[0].size() != answer_waves_[0].size())
    throw CannotCheck("h: its waves and answers do not fit together");
}

Program::Answer Program::run(const std::vector<int64_t>& tokens) const {
  if (!of_clauses()) return largest_wave(tokens);
  uint64_t mask = ~uint64_t{0};
  for (const auto& group : positions_)
    mask &= truth_table(tokens[group[0]], tokens[group[1]], variables_);
  std::vector<int> satisfied(size_t{1} << variables_);
  for (size_t a = 0; a < satisfied.size(); ++a) satisfied[a] = static_cast<int>(mask >> a & 1);
  bool any = false;
  for (const Json& program : programs_) any = any || always_on(program, satisfied);
  return {.token = answers_[any ? 1 : 0], .margin = {}};
}

// cos w(a + b) and sin w(a + b) by the addition formulas, then the c whose waves fit best:
// Σ cos w(a + b - c) over the frequencies is largest.
Program::Answer Program::largest_wave(const std::vector<int64_t>& tokens) const {
  const auto p = static_cast<int64_t>(read_waves_.size());
  if (tokens[0] >= p || tokens[1] >= p) throw CannotCheck("fourier_components: a token beyond p");
  const Vector &a = read_waves_[tokens[0]], &b = read_waves_[tokens[1]];
  const size_t n = a.size() / 2;
  Vector sum(2 * n);
  for (size_t k = 0; k < n; ++k) {
    sum[k] = a[k] * b[k] - a[n + k] * b[n + k];
    sum[n + k] = a[n + k] * b[k] + a[k] * b[n + k];
  }
  Vector fits;
  for (const Vector& waves : answer_waves_) fits.push_back(dot(sum.data(), waves.data(), 2 * n));
  const Decision decision = decide(fits);
  return {.token = decision.winner < 0 ? -1 : answers_[decision.winner], .margin = decision.margin};
}

}  // namespace checker
