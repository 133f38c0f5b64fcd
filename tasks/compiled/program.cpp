#include "tasks/compiled/program.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

#include "interp/files/json_shape.h"
#include "interp/names.h"

namespace assay::tasks::compiled {
namespace {

using at::Tensor;
using nlohmann::ordered_json;
using Names = std::vector<std::string>;

constexpr int64_t kMostCells = 1 << 16;  // of one table: each is a hidden neuron

int64_t size_of(const Names& names) {
  return static_cast<int64_t>(names.size());
}

int64_t index_among(const Names& names, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? kNone : found - names.begin();
}

/// Reads the lines of one program, and says where in it something is wrong.
class Reader {
 public:
  explicit Reader(Program& program) : program_(program) {}

  /// @param values  that a line of this name has in another program, which are to be kept.
  Line line(const ordered_json& json, const Names& values) {
    where_ = "line '" + json.at("name").get<std::string>() + "'";
    Line line{.name = json.at("name"), .values = values, .does = {}};
    if (line.name == kSymbol || line.name == kPosition)
      refuse("this name belongs to what the program reads");
    if (json.contains("map") == json.contains("attend"))
      refuse("expected either 'map' or 'attend'");
    json.contains("map") ? read_map(json, line) : read_attend(json, line);
    if (!values.empty() && line.values != values)
      refuse("a rival's line has the values of the program's");
    return line;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw std::invalid_argument(fmt::format("program '{}', {}: {}", program_.name, where_, what));
  }

  Names values_of(const std::string& variable) const {
    try {
      return program_.values_of(variable);
    } catch (const std::invalid_argument& unknown) {
      refuse(unknown.what());
    }
  }

  void read_map(const ordered_json& json, Line& line) const {
    if (!json.contains("table") || json.contains("copy")) refuse("a map has a 'table' alone");
    Map map{.of = json["map"].get<Names>(), .table = {}};
    std::vector<int64_t> sizes;
    int64_t cells = 1;
    for (const std::string& of : map.of) {
      sizes.push_back(size_of(values_of(of)));
      cells *= sizes.back();
      if (cells > kMostCells) refuse(fmt::format("the table has more than {} cells", kMostCells));
    }
    std::vector<int64_t> entries;
    const std::function<void(const ordered_json&, size_t)> read = [&](const ordered_json& part,
                                                                      size_t axis) {
      if (axis < sizes.size()) {
        if (!part.is_array() || static_cast<int64_t>(part.size()) != sizes[axis])
          refuse(fmt::format("table: expected lists of {} entries for the values of '{}'",
                             sizes[axis], map.of[axis]));
        for (const ordered_json& element : part) read(element, axis + 1);
        return;
      }
      if (!part.is_null() && !part.is_string()) refuse("table: expected texts and null");
      entries.push_back(part.is_null() ? kNone : entered(line.values, part));
    };
    read(json["table"], 0);
    if (line.values.empty()) refuse("the table has no values");
    map.table = at::tensor(entries, torch::kInt64).view(sizes);
    line.does = std::move(map);
  }

  static int64_t entered(Names& values, const std::string& value) {
    const int64_t known = index_among(values, value);
    if (known != kNone) return known;
    values.push_back(value);
    return size_of(values) - 1;
  }

  void read_attend(const ordered_json& json, Line& line) const {
    const ordered_json& how = json["attend"];
    line.values.clear();  // they follow from what is attended to
    Attend attend{.key = how.at("key"),
                  .query = how.value("query", ""),
                  .copy = json.value("copy", ""),
                  .selects = {}};
    if (json.contains("table")) refuse("only a map has a 'table'");
    const Names keys = values_of(attend.key);
    if (attend.query.empty() == how.contains("when") ||
        attend.query.empty() != how.contains("among"))
      refuse("expected 'query' with 'when', or 'among' alone");
    const Names queries = attend.query.empty() ? Names{""} : values_of(attend.query);
    attend.selects = at::zeros({size_of(queries), size_of(keys)}, torch::kBool);
    attend.query.empty() ? select_among(how["among"], keys, attend)
                         : select_when(how["when"], keys, queries, attend);
    if (attend.copy.empty())
      for (int64_t n = 0; n <= program_.length(); ++n) line.values.push_back(fmt::to_string(n));
    else
      line.values = values_of(attend.copy);
    line.does = std::move(attend);
  }

  void select_among(const ordered_json& among, const Names& keys, Attend& attend) const {
    for (const std::string& key : among.get<Names>())
      attend.selects[0][index_or_refuse(keys, key)] = true;
  }

  void select_when(const ordered_json& when, const Names& keys, const Names& queries,
                   Attend& attend) const {
    if (when.is_array()) {
      for (const auto& pair : when.get<std::vector<Names>>()) {
        if (pair.size() != 2) refuse("when: expected pairs [key, query]");
        attend.selects[index_or_refuse(queries, pair[1])][index_or_refuse(keys, pair[0])] = true;
      }
      return;
    }
    const auto relation = when.get<std::string>();
    const Names relations = {"equal", "less", "at_most"};
    if (index_among(relations, relation) == kNone)
      refuse(fmt::format("when: '{}', expected equal, less, at_most or a list of pairs", relation));
    for (int64_t q = 0; q < size_of(queries); ++q) {
      const int64_t same = index_among(keys, queries[static_cast<size_t>(q)]);
      if (same == kNone) continue;  // a query that no key can be: nothing is selected
      for (int64_t k = 0; k < size_of(keys); ++k)
        attend.selects[q][k] =
            (k == same && relation != "less") || (k < same && relation != "equal");
    }
  }

  int64_t index_or_refuse(const Names& values, const std::string& value) const {
    const int64_t index = index_among(values, value);
    if (index == kNone) refuse(fmt::format("no value '{}'", value));
    return index;
  }

  Program& program_;
  std::string where_;
};

interp::Shape shape_of_lines() {
  using namespace interp::json_shapes;
  const interp::Shape names = list(text(), 1);
  const interp::Shape when =
      either(text_among({"equal", "less", "at_most"}), list(list(text(), 2, 2)));
  return list(closed_object({{"name", text()},
                             optional("map", names),
                             optional("table", anything()),
                             optional("attend", closed_object({{"key", text()},
                                                               optional("query", text()),
                                                               optional("when", when),
                                                               optional("among", names)})),
                             optional("copy", text())}));
}

interp::Shape shape_of_programs() {
  using namespace interp::json_shapes;
  return closed_object(
      {{"name", text()},
       {"about", text()},
       {"inputs", list(list(text(), 1), 1)},
       {"lines", shape_of_lines()},
       {"answer", text()},
       optional("rival", closed_object({{"about", text()}, {"lines", shape_of_lines()}}))});
}

void read_inputs(const ordered_json& json, Program& program) {
  program.inputs = json.at("inputs").get<std::vector<Names>>();
  for (const Names& slot : program.inputs) {
    if (std::set<std::string>(slot.begin(), slot.end()).size() != slot.size())
      throw std::invalid_argument(
          fmt::format("program '{}': a symbol stands twice at one position", program.name));
    for (const std::string& symbol : slot) {
      if (symbol.empty() || symbol == kMark || symbol.find(' ') != std::string::npos)
        throw std::invalid_argument(
            fmt::format("program '{}': '{}' cannot be a symbol: expected a text without blanks, "
                        "and not the mark {}",
                        program.name, symbol, kMark));
      if (index_among(program.symbols, symbol) == kNone) program.symbols.push_back(symbol);
    }
  }
  if (program.n_inputs() > kMostInputs)
    throw std::invalid_argument(fmt::format("program '{}': {:.3g} inputs, expected at most {}",
                                            program.name, program.n_inputs(), kMostInputs));
}

/// @param original  whose lines these replace; none: there is no other program.
Program program_with(const ordered_json& json, const ordered_json& lines,
                     const Program* original = nullptr) {
  Program program{.name = json.at("name"),
                  .about = json.at("about"),
                  .inputs = {},
                  .symbols = {},
                  .lines = {},
                  .answer = json.at("answer")};
  read_inputs(json, program);
  Reader reader(program);
  for (const ordered_json& line : lines) {
    const auto name = line.at("name").get<std::string>();
    if (std::ranges::count(program.lines, name, &Line::name) != 0)
      throw std::invalid_argument(
          fmt::format("program '{}': two lines are called '{}'", program.name, name));
    const bool replaces = original && std::ranges::count(original->lines, name, &Line::name) != 0;
    program.lines.push_back(reader.line(line, replaces ? original->values_of(name) : Names()));
  }
  program.values_of(program.answer);
  return program;
}

void require_program(const ordered_json& json) {
  if (const auto wrong = interp::mismatch(json, shape_of_programs()))
    throw std::invalid_argument("program: " + *wrong);
}

// Index kNone reads the row or column behind the last one.
Tensor padded(const Tensor& selects) {
  Tensor all = at::zeros({selects.size(0) + 1, selects.size(1) + 1}, torch::kBool);
  all.narrow(0, 0, selects.size(0)).narrow(1, 0, selects.size(1)).copy_(selects);
  return all;
}

Tensor or_last(const Tensor& indices, int64_t size) {
  return at::where(indices.lt(0), at::full_like(indices, size), indices);
}

/// bool [batch, query pos, key pos]; the mark is never selected.
Tensor selected(const Attend& attend, const Values& values) {
  const Tensor key = or_last(values.at(attend.key), attend.selects.size(1));
  const Tensor query = attend.query.empty()
                           ? at::zeros_like(key)
                           : or_last(values.at(attend.query), attend.selects.size(0));
  const Tensor table = padded(attend.selects);
  const Tensor flat = query.unsqueeze(2) * table.size(1) + key.unsqueeze(1);
  Tensor chosen = table.flatten().index_select(0, flat.flatten()).view(flat.sizes()).tril();
  chosen.select(2, 0).fill_(false);
  return chosen;
}

Tensor attended(const Attend& attend, const Values& values) {
  const Tensor chosen = selected(attend, values), count = chosen.sum(2);
  Tensor result = count;
  if (!attend.copy.empty()) {
    const Tensor of = values.at(attend.copy), each = of.unsqueeze(1).expand_as(chosen);
    constexpr int64_t kFar = int64_t{1} << 40;
    const Tensor most = each.masked_fill(chosen.logical_not(), -kFar).amax(2);
    const Tensor least = each.masked_fill(chosen.logical_not(), kFar).amin(2);
    const Tensor same = at::where(most.eq(least), most, at::full_like(most, kNone));
    result = at::where(count.eq(0), of.select(1, 0).unsqueeze(1).expand_as(same), same);
  }
  if (attend.query.empty()) return result;
  // Without a query the head sees everything alike, and writes what no line describes. At the mark
  // it sees the mark alone.
  Tensor lost = values.at(attend.query).lt(0);
  lost.select(1, 0).fill_(false);
  return result.masked_fill(lost, kNone);
}

Tensor mapped(const Map& map, const Values& values) {
  Tensor cell, lost;
  for (size_t i = 0; i < map.of.size(); ++i) {
    const Tensor& of = values.at(map.of[i]);
    const Tensor index = of.clamp_min(0);
    cell = i == 0 ? index : cell * map.table.size(static_cast<int64_t>(i)) + index;
    lost = i == 0 ? of.lt(0) : lost.logical_or(of.lt(0));
  }
  return map.table.flatten()
      .index_select(0, cell.flatten())
      .view(cell.sizes())
      .masked_fill(lost, kNone);
}

}  // namespace

double Program::n_inputs() const {
  double product = 1;
  for (const Names& slot : inputs) product *= static_cast<double>(slot.size());
  return product;
}

std::vector<std::string> Program::values_of(const std::string& variable) const {
  if (variable == kSymbol) return symbols;
  Names known = {kSymbol, kPosition}, positions;
  for (int64_t i = 1; i <= length(); ++i) positions.push_back(fmt::to_string(i));
  if (variable == kPosition) return positions;
  for (const Line& line : lines) {
    if (line.name == variable) return line.values;
    known.push_back(line.name);
  }
  interp::refuse_name("variable", variable, known);
}

bool Program::needs(const std::string& variable) const {
  std::set<std::string> needed = {answer};
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (needed.contains(line->name))
      for (const std::string& read : read_by(*line)) needed.insert(read);
  return needed.contains(variable);
}

Program program_from_json(const ordered_json& json) {
  require_program(json);
  return program_with(json, json.at("lines"));
}

bool has_rival(const ordered_json& json) {
  return json.contains("rival");
}

// Lines that are added stand in front of the first that is replaced, which may read them.
Program rival_from_json(const ordered_json& json) {
  const Program program = program_from_json(json);
  if (!has_rival(json))
    throw std::invalid_argument(fmt::format("program '{}' has no rival", program.name));
  ordered_json lines = json.at("lines");
  for (const ordered_json& line : json.at("rival").at("lines")) {
    const auto of_same_name = std::ranges::find_if(
        lines, [&](const ordered_json& old) { return old.at("name") == line.at("name"); });
    if (of_same_name != lines.end())
      *of_same_name = line;
    else
      lines.insert(lines.begin(), line);
  }
  Program rival = program_with(json, lines, &program);
  rival.about = json.at("rival").at("about");
  return rival;
}

std::vector<std::string> read_by(const Line& line) {
  if (const auto* map = std::get_if<Map>(&line.does)) return map->of;
  const auto& attend = std::get<Attend>(line.does);
  Names names = {attend.key};
  if (!attend.query.empty()) names.push_back(attend.query);
  if (!attend.copy.empty()) names.push_back(attend.copy);
  return names;
}

Values run(const Program& program, Values values) {
  for (const Line& line : program.lines) {
    if (values.contains(line.name)) continue;
    if (!std::ranges::all_of(read_by(line),
                             [&](const std::string& name) { return values.contains(name); }))
      continue;
    if (const auto* map = std::get_if<Map>(&line.does))
      values[line.name] = mapped(*map, values);
    else
      values[line.name] = attended(std::get<Attend>(line.does), values);
  }
  return values;
}

Values run_on(const Program& program, const Tensor& symbols) {
  const Tensor mark = at::full({symbols.size(0), 1}, kNone, torch::kInt64);
  const Tensor positions =
      (at::arange(program.length() + 1, torch::kInt64) - 1).expand({symbols.size(0), -1});
  return run(program, {{kSymbol, at::cat({mark, symbols}, 1)}, {kPosition, positions}});
}

Tensor all_inputs(const Program& program) {
  const auto n = static_cast<int64_t>(program.n_inputs());
  Tensor inputs = at::empty({n, program.length()}, torch::kInt64);
  Tensor rest = at::arange(n, torch::kInt64);
  for (int64_t i = program.length() - 1; i >= 0; --i) {
    const Names& slot = program.inputs[static_cast<size_t>(i)];
    std::vector<int64_t> indices;
    for (const std::string& symbol : slot) indices.push_back(index_among(program.symbols, symbol));
    const int64_t size = size_of(slot);
    inputs.select(1, i).copy_(
        at::tensor(indices, torch::kInt64).index_select(0, rest.remainder(size)));
    rest = rest.div(size, "floor");
  }
  return inputs;
}

Tensor positions_read(const Program& program, const Tensor& symbols) {
  const Values values = run_on(program, symbols.unsqueeze(0));
  const int64_t n = program.length() + 1;
  std::map<std::string, Tensor> reads;  // bool [pos, position read]
  reads[kSymbol] = at::eye(n, torch::kBool);
  reads[kPosition] = at::zeros({n, n}, torch::kBool);
  for (const Line& line : program.lines) {
    Tensor of = at::zeros({n, n}, torch::kBool);
    if (const auto* map = std::get_if<Map>(&line.does)) {
      for (const std::string& name : map->of) of = of.logical_or(reads.at(name));
    } else {
      const auto& attend = std::get<Attend>(line.does);
      const Tensor chosen = selected(attend, values)[0].to(torch::kFloat32);
      Tensor there = reads.at(attend.key);
      if (!attend.copy.empty()) there = there.logical_or(reads.at(attend.copy));
      of = at::matmul(chosen, there.to(torch::kFloat32)).gt(0);
      if (!attend.query.empty()) of = of.logical_or(reads.at(attend.query));
    }
    reads[line.name] = of;
  }
  return reads.at(program.answer)[n - 1].narrow(0, 1, program.length());
}

}  // namespace assay::tasks::compiled
