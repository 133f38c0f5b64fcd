#include "tasks/compiled/reading.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "tasks/compiled/built_in.h"
#include "tasks/compiled/compiled.h"
#include "tasks/deriving.h"

namespace assay::tasks::compiled {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using circuits::Operation;
using interp::Site;
using nlohmann::ordered_json;
using Names = std::vector<std::string>;
using Positions = std::vector<int64_t>;

/// What must be in the stream somewhere.
struct Cut {
  std::string place;
  Names everywhere = {},
        at_end = {};  ///< in the order of the program's lines; `at_end` includes the others
};

/// Which lines the answer needs at all positions, and which at the last alone.
class Needs {
 public:
  explicit Needs(const Program& program) : program_(program) {
    need(program.answer, /*everywhere=*/false);
  }

  bool somewhere(const std::string& variable) const { return needed_.contains(variable); }
  bool everywhere(const std::string& variable) const {
    const auto found = needed_.find(variable);
    return found != needed_.end() && found->second;
  }
  /// Whether a line that is needed reads the variable at other positions than its own result's.
  static bool looks_around(const Line& line, const std::string& variable) {
    const auto* attend = std::get_if<Attend>(&line.does);
    return attend && (attend->key == variable || attend->copy == variable);
  }

 private:
  void need(const std::string& variable, bool everywhere) {
    needed_[variable] |= everywhere;
    const auto line = std::ranges::find(program_.lines, variable, &Line::name);
    if (line == program_.lines.end()) return;
    for (const std::string& read : read_by(*line))
      need(read, everywhere || looks_around(*line, read));
  }

  const Program& program_;
  std::map<std::string, bool> needed_;
};

// The position of a position is no news, so it is never part of a cut. If no head of the next block
// is needed, the cut comes behind its attention: what heads that are not needed could carry past
// the cut is then in front of it.
Cut cut_after(int64_t block, const Program& program, const Layout& layout) {
  const Needs needs(program);
  const bool attends_next = std::ranges::any_of(program.lines, [&](const Line& line) {
    return needs.somewhere(line.name) && layout.head.contains(line.name) &&
           layout.block.at(line.name) == block + 1;
  });
  Cut cut{.place = attends_next || layout.d_mlp == 0 ? hook::resid_post(block)
                                                     : hook::resid_mid(block + 1)};
  const auto look_at = [&](const std::string& variable) {
    if (layout.ready(variable) > block + 1) return;
    bool here = false, everywhere = false;
    for (const Line& line : program.lines) {
      if (layout.block.at(line.name) <= block || !needs.somewhere(line.name)) continue;
      if (std::ranges::count(read_by(line), variable) == 0) continue;
      here = true;
      everywhere |= needs.everywhere(line.name) || Needs::looks_around(line, variable);
    }
    here |= variable == program.answer;
    if (here) cut.at_end.push_back(variable);
    if (everywhere) cut.everywhere.push_back(variable);
  };
  look_at(kSymbol);
  for (const Line& line : program.lines) look_at(line.name);
  return cut;
}

std::vector<Cut> cuts_of(const Program& program, const Layout& layout) {
  std::vector<Cut> cuts;
  for (int64_t block = 0; block + 1 < layout.n_blocks(); ++block) {
    Cut cut = cut_after(block, program, layout);
    if (cut.at_end == Names{program.answer}) break;  // that is the answer already
    if (!cuts.empty() && cuts.back().at_end == cut.at_end) cuts.pop_back();  // nothing is new here
    cuts.push_back(std::move(cut));
  }
  return cuts;
}

/// Variables at positions of the stream, as numbers: α and γ.
struct Code {
  Tensor read_weight;  ///< [positions * d_model, numbers]
  Tensor read_bias;    ///< [numbers]
  Tensor write_bias;   ///< [positions * d_model]: what stands there whatever the value
  Tensor categories;   ///< int64 [categories]: -1, 0, 1, …
};

constexpr double kNoValue = .5;  // a direction above this is the value

Code code_of(const Program& program, const Layout& layout, const Names& variables,
             const Positions& positions) {
  int64_t most = 0;
  for (const std::string& variable : variables)
    most = std::max(most, static_cast<int64_t>(program.values_of(variable).size()));
  const auto n_pos = static_cast<int64_t>(positions.size()),
             n_vars = static_cast<int64_t>(variables.size());
  Code code{.read_weight = at::zeros({n_pos, layout.d_model, n_pos, n_vars, most + 1}),
            .read_bias = at::full({n_pos, n_vars, most + 1}, -1.),
            .write_bias = at::zeros({n_pos, layout.d_model}),
            .categories = at::arange(-1, most, torch::kInt64)};
  code.read_bias.select(2, 0).fill_(kNoValue);
  for (int64_t p = 0; p < n_pos; ++p) {
    const int64_t position = positions[static_cast<size_t>(p)];
    for (int64_t i = 0; i < n_vars; ++i) {
      const std::string& variable = variables[static_cast<size_t>(i)];
      const auto n_values = static_cast<int64_t>(program.values_of(variable).size());
      for (int64_t v = 0; v < n_values; ++v) {
        code.read_weight[p][layout.directions.at(variable) + v][p][i][v + 1] = 1;
        code.read_bias[p][i][v + 1] = 0;
      }
    }
    const bool is_mark = position == 0;
    if (is_mark) code.write_bias[p][layout.begin] = 1;
    const auto known = layout.directions.find(kPosition);
    if (!is_mark && known != layout.directions.end())
      code.write_bias[p][known->second + position - 1] = 1;
  }
  code.read_weight = code.read_weight.view({n_pos * layout.d_model, -1});
  code.read_bias = code.read_bias.flatten();
  code.write_bias = code.write_bias.flatten();
  return code;
}

/// The nodes of one interpretation, cut by cut.
class Builder {
 public:
  Builder(const ordered_json& json, nlohmann::json named, bool rival)
      : named_(std::move(named)),
        rival_(rival),
        program_(program_from_json(json)),
        layout_(layout_of(program_)),
        vocabulary_(vocabulary_of(program_)) {
    for (int64_t p = 0; p < end(); ++p) earlier_.push_back(p);
  }

  std::vector<Node> nodes() {
    Parents before{.names = {circuits::kTokens}, .given = {{circuits::kTokens}}, .at = {{}}};
    for (const Cut& cut : cuts_of(program_, layout_)) {
      Parents now;
      if (!cut.everywhere.empty())
        add_node("each_", cut.place, cut.everywhere, earlier_, before, now);
      add_node("", cut.place, cut.at_end, {end()}, before, now);
      before = now;
    }
    nodes_.push_back(answer_node(before));
    return nodes_;
  }

 private:
  struct Parents {
    Names names;
    std::vector<Names> given;
    std::vector<Positions> at;
  };

  int64_t end() const { return program_.length(); }

  Operation h(const Parents& parents, const Names& wanted, const Positions& positions) const {
    return {.name = "run_lines",
            .parameters = {{"program", named_},
                           {"rival", rival_},
                           {"given", parents.given},
                           {"at", parents.at},
                           {"wanted", wanted},
                           {"positions", positions}},
            .tensors = {}};
  }

  void add_node(const std::string& prefix, const std::string& place, const Names& variables,
                const Positions& positions, const Parents& before, Parents& now) {
    const Code code = code_of(program_, layout_, variables, positions);
    const Site stream{.place = place, .positions = positions};
    const std::vector<int64_t> shape = {static_cast<int64_t>(positions.size()),
                                        static_cast<int64_t>(variables.size())};
    const std::string name = prefix + fmt::format("{}", fmt::join(variables, "_"));
    nodes_.push_back({.name = name,
                      .parents = before.names,
                      .sites = {stream},
                      .reads = {stream},
                      .h = h(before, variables, positions),
                      .alpha = {.name = "read_value",
                                .parameters = {{"kind", "category"}, {"shape", shape}},
                                .tensors = {{"weight", code.read_weight},
                                            {"bias", code.read_bias},
                                            {"values", code.categories}}},
                      .gamma = {.name = "write_value",
                                .parameters = {{"kind", "category"}, {"positions", shape[0]}},
                                .tensors = {{"weight", code.read_weight.t().contiguous()},
                                            {"bias", code.write_bias},
                                            {"values", code.categories}}},
                      .equality = {.name = "equal", .tensors = {}}});
    now.names.push_back(name);
    now.given.push_back(variables);
    now.at.push_back(positions);
  }

  Node answer_node(const Parents& parents) const {
    Operation run = h(parents, {program_.answer}, {end()});
    run.parameters["answers"] = vocabulary_.answers;
    return tasks::answer_node("answer", parents.names, std::move(run),
                              {.position = end(),
                               .answers = vocabulary_.answer_tokens,
                               .d_vocab = std::ssize(vocabulary_.tokens)});
  }

  nlohmann::json named_;
  bool rival_;
  Program program_;
  Layout layout_;
  Vocabulary vocabulary_;
  Positions earlier_;
  std::vector<Node> nodes_;
};

ordered_json program_in(const Operation& operation) {
  const auto found = operation.parameters.find("program");
  if (found != operation.parameters.end() && found->is_object()) return *found;
  return program_of_setting(circuits::parameter<std::string>(operation, "program"));
}

/// What run_lines is told, checked once.
struct Lines {
  Program program;
  std::vector<Names> given;
  std::vector<Positions> at;
  Names wanted;
  Positions positions;
  Tensor answers;  ///< int64, place of each value among the answers; undefined: no answer is wanted

  explicit Lines(const Operation& operation)
      : program(circuits::parameter<bool>(operation, "rival")
                    ? rival_from_json(program_in(operation))
                    : program_from_json(program_in(operation))),
        given(circuits::parameter<std::vector<Names>>(operation, "given")),
        at(circuits::parameter<std::vector<Positions>>(operation, "at")),
        wanted(circuits::parameter<Names>(operation, "wanted")),
        positions(circuits::parameter<Positions>(operation, "positions")) {
    if (given.size() != at.size() || wanted.empty())
      throw std::invalid_argument(
          "operation 'run_lines': expected positions for each parent and a variable that is "
          "wanted");
    for (const Positions& list : at) require_positions(list);
    require_positions(positions);
    std::set<std::string> known = {kPosition, circuits::kTokens, kSymbol};
    for (const Names& names : given)
      for (const std::string& name : names)
        if (name != circuits::kTokens) program.values_of(name), known.insert(name);
    for (const std::string& name : wanted) program.values_of(name);
    if (!operation.parameters.contains("answers")) return;
    const auto values = circuits::parameter<std::vector<int64_t>>(operation, "answers");
    const auto n = static_cast<int64_t>(program.values_of(wanted.front()).size());
    answers = at::zeros({n}, torch::kInt64);
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] < 0 || values[i] >= n)
        throw std::invalid_argument("operation 'run_lines': an answer that is no value");
      answers[values[i]] = static_cast<int64_t>(i);
    }
  }

  Tensor operator()(const std::vector<Tensor>& parents) const {
    const Values all = run(program, begin_with(parents));
    std::vector<Tensor> columns;
    for (const std::string& name : wanted) {
      const auto found = all.find(name);
      if (found == all.end())
        throw std::invalid_argument(fmt::format(
            "operation 'run_lines': '{}' cannot be computed from what the parents give", name));
      columns.push_back(found->second.index_select(1, at::tensor(positions, torch::kInt64)));
    }
    if (!answers.defined()) return at::stack(columns, 2);
    return answers.index_select(0, columns.front().select(1, 0).clamp_min(0));
  }

 private:
  void require_positions(const Positions& list) const {
    for (const int64_t position : list)
      if (position < 0 || position > program.length())
        throw std::invalid_argument(
            fmt::format("operation 'run_lines': position {} does not exist", position));
  }

  Values begin_with(const std::vector<Tensor>& parents) const {
    if (parents.size() != given.size())
      throw std::invalid_argument(fmt::format(
          "operation 'run_lines': {} parents, but variables of {}", parents.size(), given.size()));
    if (given.size() == 1 && given[0] == Names{circuits::kTokens}) {
      const Tensor symbols = parents[0].narrow(1, 1, program.length()).to(torch::kCPU);
      const auto n = static_cast<int64_t>(program.symbols.size());
      const Values all = run_on(program, symbols.masked_fill(symbols.ge(n), kNone));
      return all;
    }
    Values values;
    const int64_t batch = parents.at(0).size(0);
    const auto nowhere = [&] {
      return at::full({batch, program.length() + 1}, kNone, torch::kInt64);
    };
    values[kPosition] = (at::arange(program.length() + 1, torch::kInt64) - 1).expand({batch, -1});
    for (size_t i = 0; i < given.size(); ++i) {
      const Tensor parent = parents[i].to(torch::kCPU);
      for (size_t k = 0; k < given[i].size(); ++k) {
        Tensor& value = values.try_emplace(given[i][k], nowhere()).first->second;
        value.index_copy_(1, at::tensor(at[i], torch::kInt64),
                          parent.select(2, static_cast<int64_t>(k)));
      }
    }
    return values;
  }
};

std::string sentence(const Operation& operation) {
  const auto wanted = operation.parameters.find("wanted");
  Names names;
  if (wanted != operation.parameters.end() && wanted->is_array())
    for (const nlohmann::json& name : *wanted)
      if (name.is_string()) names.push_back("“" + name.get<std::string>() + "”");
  if (names.empty()) return "Compute what the program says.";
  return fmt::format("Compute {} as the program says.", fmt::join(names, " and "));
}

}  // namespace

circuits::Function run_lines(const Operation& operation) {
  return
      [lines = Lines(operation)](const std::vector<circuits::Value>& parents) -> circuits::Value {
        return lines(parents).to(parents.at(0).device());
      };
}

namespace {

// Refuses what the network does not carry from cut to cut, and answers that it cannot give.
void require_same_answers(const Program& program, const Vocabulary& vocabulary,
                          const circuits::Interpretation& interpretation) {
  const Tensor inputs = all_inputs(program);
  const Tensor answers = run_on(program, inputs).at(program.answer).select(1, program.length());
  const Tensor known = at::isin(answers, at::tensor(vocabulary.answers, torch::kInt64));
  if (!known.all().item<bool>())
    throw std::invalid_argument(fmt::format(
        "program '{}': what is said to be computed has none of its answers on {} inputs",
        program.name, known.logical_not().sum().item<int64_t>()));
  std::map<std::string, Tensor> values = {
      {circuits::kTokens, vocabulary.with_mark(inputs.narrow(0, 0, 1))}};
  for (const Node& node : interpretation.nodes) {
    std::vector<Tensor> parents;
    for (const std::string& parent : node.parents) parents.push_back(values.at(parent));
    values[node.name] = run_lines(node.h)(parents);
  }
}

}  // namespace

circuits::Interpretation interpretation_of(const std::string& setting, bool rival) {
  const ordered_json json = program_of_setting(setting);
  const Program program = rival ? rival_from_json(json) : program_from_json(json);
  const nlohmann::json named =
      setting.starts_with('{') ? nlohmann::json(json) : nlohmann::json(setting);
  circuits::Interpretation interpretation{
      .title = fmt::format("{}: {}", program.name, program.about),
      .task = make_task(kTask, {{"program", setting}})->to_json(),
      .model_sha256 = {},
      .fitted_on = nlohmann::json::object(),
      .output = "answer",
      .nodes = Builder(json, named, rival).nodes()};
  require_same_answers(program, vocabulary_of(program_from_json(json)), interpretation);
  return interpretation;
}

void add_operations(circuits::Operations& operations) {
  operations.functions.add({.name = "run_lines",
                            .help = "lines of a program, from some of its variables to others",
                            .make = run_lines,
                            .sentence = sentence});
}

}  // namespace assay::tasks::compiled
