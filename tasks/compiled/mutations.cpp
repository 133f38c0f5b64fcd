#include "tasks/compiled/mutations.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "interp/statistics/random.h"
#include "tasks/compiled/built_in.h"
#include "tasks/compiled/compiled.h"
#include "tasks/compiled/compiler.h"
#include "tasks/compiled/reading.h"

namespace assay::tasks::compiled {
namespace {

using at::Tensor;
using circuits::Interpretation;
using nlohmann::ordered_json;
using Names = std::vector<std::string>;

constexpr int kTries = 100;  // changes drawn before it is given up that one of them matters

/// The names of the variables that the interpretation's cuts hold, and the answer.
Names shown(const Interpretation& interpretation) {
  Names names;
  for (const circuits::Node& node : interpretation.nodes)
    for (const auto& name : circuits::parameter<Names>(node.h, "wanted"))
      if (std::ranges::count(names, name) == 0) names.push_back(name);
  return names;
}

/// Whether two programs differ on some input in something that is shown at a position that matters.
bool differ(const Program& one, const Program& other, const Interpretation& interpretation) {
  const Tensor inputs = all_inputs(one);
  const Values a = run_on(one, inputs), b = run_on(other, inputs);
  const Names names = shown(interpretation);
  return std::ranges::any_of(names, [&](const std::string& name) {
    const int64_t end = one.length();
    return !a.at(name).select(1, end).equal(b.at(name).select(1, end));
  });
}

bool answers_alike(const Program& program, const Vocabulary& vocabulary) {
  const Tensor answers =
      run_on(program, all_inputs(program)).at(program.answer).select(1, program.length());
  return at::isin(answers, at::tensor(vocabulary.answers, torch::kInt64)).all().item<bool>();
}

/// A line's JSON changed in place at random. @return what was changed.
using Change = std::function<std::string(ordered_json& line, const Program& program,
                                         statistics::Engine& engine)>;

std::string other_cell(ordered_json& json, const Program& program, statistics::Engine& engine) {
  const auto name = json.at("name").get<std::string>();
  const Names values = program.values_of(name);
  std::vector<ordered_json*> cells;
  const std::function<void(ordered_json&)> collect = [&](ordered_json& part) {
    if (!part.is_array())
      cells.push_back(&part);
    else
      for (ordered_json& element : part) collect(element);
  };
  collect(json.at("table"));
  std::erase_if(cells, [](const ordered_json* cell) { return cell->is_null(); });
  const auto cell = static_cast<size_t>(statistics::draw_below(engine, std::ssize(cells)));
  const auto value = static_cast<size_t>(statistics::draw_below(engine, std::ssize(values)));
  const auto before = cells[cell]->get<std::string>();
  *cells[cell] = values[value];
  return fmt::format("a cell of '{}' is {} instead of {}", name, values[value], before);
}

std::string other_selection(ordered_json& json, const Program& program,
                            statistics::Engine& engine) {
  const auto name = json.at("name").get<std::string>();
  const auto line = std::ranges::find(program.lines, name, &Line::name);
  const auto& attend = std::get<Attend>(line->does);
  const Names keys = program.values_of(attend.key);
  const Names queries = attend.query.empty() ? Names{""} : program.values_of(attend.query);
  const int64_t q = statistics::draw_below(engine, std::ssize(queries)),
                k = statistics::draw_below(engine, std::ssize(keys));
  Tensor selects = attend.selects.clone();
  const bool was = selects[q][k].item<bool>();
  selects[q][k] = !was;
  ordered_json pairs = ordered_json::array();
  for (int64_t i = 0; i < std::ssize(queries); ++i)
    for (int64_t j = 0; j < std::ssize(keys); ++j) {
      if (!selects[i][j].item<bool>()) continue;
      const std::string &key = keys[static_cast<size_t>(j)],
                        &query = queries[static_cast<size_t>(i)];
      attend.query.empty() ? pairs.push_back(key) : pairs.push_back(Names{key, query});
    }
  json["attend"][attend.query.empty() ? "among" : "when"] = pairs;
  return fmt::format(
      "'{}' {} {}{}", name, was ? "does not select" : "selects", keys[static_cast<size_t>(k)],
      attend.query.empty() ? ""
                           : fmt::format(" where it asks for {}", queries[static_cast<size_t>(q)]));
}

Interpretation changed(const Interpretation& interpretation, uint64_t seed, const char* kind,
                       const Change& change) {
  const auto setting = interpretation.task.at("settings").at("program").get<std::string>();
  const ordered_json json = program_of_setting(setting);
  const Program program = program_from_json(json);
  const Vocabulary vocabulary = vocabulary_of(program);
  std::vector<size_t> lines;
  for (size_t i = 0; i < program.lines.size(); ++i)
    if (program.needs(program.lines[i].name) && json.at("lines")[i].contains(kind))
      lines.push_back(i);
  if (lines.empty()) throw std::invalid_argument(fmt::format("no line with '{}' is needed", kind));
  statistics::Engine engine(seed);
  for (int i = 0; i < kTries; ++i) {
    ordered_json other = json;
    const size_t line =
        lines[static_cast<size_t>(statistics::draw_below(engine, std::ssize(lines)))];
    const std::string what = change(other["lines"][line], program, engine);
    other["rival"] = {{"about", what}, {"lines", {other["lines"][line]}}};
    other["lines"] = json.at("lines");
    try {
      const Program rival = rival_from_json(other);
      if (!differ(program, rival, interpretation) || !answers_alike(rival, vocabulary)) continue;
    } catch (const std::invalid_argument&) {
      continue;  // a table that has lost one of its values, or selects nothing any more
    }
    Interpretation mutated = interpretation;
    for (circuits::Node& node : mutated.nodes) {
      node.h.parameters["program"] = nlohmann::json(other);
      node.h.parameters["rival"] = true;
    }
    return retitled(mutated, what);
  }
  throw std::invalid_argument("no change was found that changes a value");
}

circuits::Mutation mutation(const char* name, const char* help, const char* kind,
                            const Change& change) {
  return {.name = name,
          .help = help,
          .apply = [=](const Interpretation& interpretation,
                       uint64_t seed) { return changed(interpretation, seed, kind, change); },
          .task = kTask};
}

}  // namespace

std::vector<circuits::Mutation> mutations() {
  return {mutation("other-cell", "one entry of a table is another value", "map", other_cell),
          mutation("other-selection", "one key is selected that is not, or the other way round",
                   "attend", other_selection)};
}

}  // namespace assay::tasks::compiled
