#include "tasks/two_sat/programs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <functional>
#include <stdexcept>

#include "interp/execution/constant.h"
#include "interp/files/json_shape.h"
#include "sat2/masks.h"
#include "tasks/two_sat/program_paths.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using at::Tensor;

bool satisfies(uint64_t truth_table, int assignment) {
  return truth_table >> assignment & 1;
}

// The assignments that satisfy a token, as a word: those of a literal; all of them for the padding,
// since a clause that is not there is true under every assignment. int64 [d_vocab].
Tensor masks_of_tokens(int64_t variables) {
  const Tokens tokens{variables};
  const int n = static_cast<int>(variables);
  std::vector<int64_t> masks(tokens.d_vocab());
  for (int64_t token = 0; token < tokens.n_literals(); ++token)
    masks[token] = static_cast<int64_t>(sat2::satisfying(tokens.literal_of(token), n));
  masks[tokens.padding()] = static_cast<int64_t>(sat2::all_assignments(n));
  return torch::tensor(masks, torch::kInt64);
}

// Which assignments satisfy all clauses, as words. clauses: pairs of literal tokens, int64 [batch,
// clause, 2] -> int64 [batch].
Tensor truth_tables(const Tensor& clauses, const interp::Constant& mask_of) {
  const Tensor literals =
      mask_of.on(clauses.device()).index_select(0, clauses.flatten()).view_as(clauses);
  const Tensor each = literals.select(2, 0).bitwise_or(literals.select(2, 1));  // [batch, clause]
  Tensor all = each.select(1, 0).clone();
  for (int64_t clause = 1; clause < each.size(1); ++clause)
    all.bitwise_and_(each.select(1, clause));
  return all;
}

void require_program(const Program& program, const interp::Shape& shape) {
  if (const auto problem = interp::mismatch(nlohmann::ordered_json(program), shape))
    throw std::invalid_argument(
        fmt::format("operation 'truth_table_programs': a program: {}", *problem));
}

void check(const Program& program, int64_t assignments) {
  using namespace interp::json_shapes;
  const auto check_assignment = [&](int64_t a) {
    if (a < 0 || a >= assignments)
      throw std::invalid_argument(
          fmt::format("assignment {} is out of range [0, {})", a, assignments));
  };
  if (program.is_boolean()) return;
  if (program.contains("any_of")) {
    require_program(program, closed_object({{"any_of", list(integer())}}));
    for (const int64_t a : program.at("any_of")) check_assignment(a);
    return;
  }
  const interp::Shape next = either(boolean(), object({}));
  require_program(program, closed_object({{"assignment", integer()}, {"yes", next}, {"no", next}}));
  check_assignment(program.at("assignment"));
  check(program.at("yes"), assignments);
  check(program.at("no"), assignments);
}

// --- trees
// ------------------------------------------------------------------------------------------

struct Split {
  int assignment = -1;  // none
  double gain = 0;
};

// n · Gini impurity of a leaf with `on` of `n` inputs on, up to the constant factor 2.
double impurity(double on, double n) {
  return n > 0 ? on * (n - on) / n : 0;
}

Split best_split(const std::vector<TableRow>& rows, int assignments) {
  std::vector<double> n(assignments), on(assignments);
  double all = 0, all_on = 0;
  for (const TableRow& row : rows) {
    all += static_cast<double>(row.count);
    all_on += static_cast<double>(row.on);
    for (int a = 0; a < assignments; ++a)
      if (satisfies(row.truth_table, a))
        n[a] += static_cast<double>(row.count), on[a] += static_cast<double>(row.on);
  }
  Split best;
  for (int a = 0; a < assignments; ++a) {
    const double gain =
        impurity(all_on, all) - impurity(on[a], n[a]) - impurity(all_on - on[a], all - n[a]);
    if (gain > best.gain + 1e-9) best = {a, gain};
  }
  return best;
}

struct Tree {
  std::vector<TableRow> rows;
  Split split;  // the best one, made or not
  int yes = -1, no = -1;
};

Program pruned(const std::vector<Tree>& trees, int index) {
  const Tree& tree = trees[index];
  if (tree.yes < 0) {
    int64_t on = 0, count = 0;
    for (const TableRow& row : tree.rows) on += row.on, count += row.count;
    return 2 * on > count;
  }
  const Program yes = pruned(trees, tree.yes), no = pruned(trees, tree.no);
  if (yes.is_boolean() && yes == no) return yes;
  return {{"assignment", tree.split.assignment}, {"yes", yes}, {"no", no}};
}

int64_t errors_of(const Program& program, const std::vector<TableRow>& rows) {
  int64_t errors = 0;
  for (const TableRow& row : rows)
    errors += value_of(program, row.truth_table) ? row.count - row.on : row.on;
  return errors;
}

int64_t errors_of_set(uint64_t set, const std::vector<TableRow>& rows) {
  int64_t errors = 0;
  for (const TableRow& row : rows) errors += row.truth_table & set ? row.count - row.on : row.on;
  return errors;
}

}  // namespace

circuits::Function truth_table_programs(const circuits::Operation& operation) {
  const auto variables = circuits::parameter<int64_t>(operation, "variables");
  const auto programs = circuits::parameter<std::vector<Program>>(operation, "programs");
  if (variables < 1 || variables > sat2::kMaxVariables)
    throw std::invalid_argument(fmt::format("operation '{}': variables: expected 1 to {}, got {}",
                                            operation.name, sat2::kMaxVariables, variables));
  for (const Program& program : programs) check(program, int64_t{1} << variables);
  return [mask_of = interp::Constant(masks_of_tokens(variables)),
          paths = ProgramPaths(programs)](const std::vector<circuits::Value>& parents) {
    return paths.values(truth_tables(parents.at(0), mask_of));
  };
}

std::string programs_in_words(const circuits::Operation& operation, const std::string& parameter) {
  constexpr size_t kShown = 3;
  truth_table_programs(operation);  // checks all of it
  if (parameter != "programs") return "";
  const nlohmann::json& programs = operation.parameters.at("programs");
  const int variables = operation.parameters.at("variables");
  std::string text;
  for (size_t i = 0; i < std::min(programs.size(), kShown); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : "; ", in_words(programs[i], variables));
  if (programs.size() > kShown) text += fmt::format("; and {} more", programs.size() - kShown);
  return text;
}

bool value_of(const Program& program, uint64_t truth_table) {
  if (program.is_boolean()) return program.get<bool>();
  if (program.contains("any_of")) {
    for (const int a : program.at("any_of"))
      if (satisfies(truth_table, a)) return true;
    return false;
  }
  return value_of(program.at(satisfies(truth_table, program.at("assignment")) ? "yes" : "no"),
                  truth_table);
}

Fitted fit_tree(const std::vector<TableRow>& rows, int assignments, int64_t leaves) {
  std::vector<Tree> trees;
  const auto add = [&](std::vector<TableRow> leaf_rows) {
    const Split split = best_split(leaf_rows, assignments);
    trees.push_back({.rows = std::move(leaf_rows), .split = split});
    return static_cast<int>(trees.size()) - 1;
  };
  add(rows);
  for (int64_t grown = 1; grown < leaves; ++grown) {
    int best = -1;
    for (int i = 0; i < static_cast<int>(trees.size()); ++i)
      if (trees[i].yes < 0 && trees[i].split.assignment >= 0 &&
          (best < 0 || trees[i].split.gain > trees[best].split.gain))
        best = i;
    if (best < 0) break;
    std::vector<TableRow> yes, no;
    for (const TableRow& row : trees[best].rows)
      (satisfies(row.truth_table, trees[best].split.assignment) ? yes : no).push_back(row);
    const int yes_index = add(std::move(yes)), no_index = add(std::move(no));
    trees[best].yes = yes_index;
    trees[best].no = no_index;
  }
  const Program program = pruned(trees, 0);
  return {program, errors_of(program, rows)};
}

Fitted fit_disjunction(const std::vector<TableRow>& rows, int assignments) {
  uint64_t set = 0;
  int64_t errors = errors_of_set(set, rows);
  while (true) {
    uint64_t best = set;
    for (int a = 0; a < assignments; ++a) {
      const uint64_t changed = set ^ (uint64_t{1} << a);  // adds a, or drops it
      const int64_t changed_errors = errors_of_set(changed, rows);
      if (changed_errors < errors) errors = changed_errors, best = changed;
    }
    if (best == set) break;
    set = best;
  }
  std::vector<int> members;
  for (int a = 0; a < assignments; ++a)
    if (set >> a & 1) members.push_back(a);
  return disjunction_of(members, rows);
}

Fitted disjunction_of(const std::vector<int>& set, const std::vector<TableRow>& rows) {
  const Program program = {{"any_of", set}};
  return {program, errors_of(program, rows)};
}

std::string in_words(const Program& program, int variables) {
  if (program.is_boolean()) return program.get<bool>() ? "on" : "off";
  const auto assignment = [&](int a) {
    return fmt::format("{} ({})", a, sat2::assignment_to_string(a, variables));
  };
  constexpr const char* kQuestion = "if {} satisfies the clauses: {}, else {}";
  if (program.contains("any_of")) {
    std::vector<std::string> any;
    for (const int a : program.at("any_of")) any.push_back(assignment(a));
    if (any.empty()) return "off";
    const char* asked = any.size() == 1 ? "assignment {}" : "any of the assignments {}";
    return fmt::format(kQuestion, fmt::format(fmt::runtime(asked), fmt::join(any, ", ")), "on",
                       "off");
  }
  const auto inner = [&](const Program& part) {
    return part.is_boolean() ? in_words(part, variables)
                             : fmt::format("({})", in_words(part, variables));
  };
  return fmt::format(kQuestion, "assignment " + assignment(program.at("assignment")),
                     inner(program.at("yes")), inner(program.at("no")));
}

}  // namespace assay::tasks::two_sat
