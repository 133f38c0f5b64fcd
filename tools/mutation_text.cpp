#include "tools/mutation_text.h"

#include <algorithm>
#include <stdexcept>

#include "tools/mutation_fields.h"
#include "tools/plural.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;
using tasks::MutatedRow;
using tasks::MutationResult;

std::string rate_text(const statistics::Estimate& estimate) {
  return estimate.failures == 0 ? "0" : fmt::format("{:.4g}", estimate.rate());
}

void add_rows(Table& table, const MutationResult& result) {
  std::string name = result.mutation;  // in the first line only
  const auto add = [&](std::vector<Cell> cells) {
    cells.insert(cells.begin(), {name, Tone::Bold});
    table.add_row(std::move(cells));
    name.clear();
  };
  for (const axioms::Objection& objection : result.objections)
    add({{objection.node}, {objection.kind, Tone::Good}, {}, {}, {}, {}});
  for (const MutatedRow& row : result.rows) {
    if (!row.caught()) continue;
    add({{row.node},
         {to_string(row.axiom)},
         {rate_text(row.before)},
         {rate_text(row.after)},
         {grouped(*row.first_failure)},
         {grouped(*row.violated_after), Tone::Good}});
  }
  if (!result.caught()) add({{}, {"not caught", Tone::Bad}, {}, {}, {}, {}});
}

}  // namespace

std::string change_of(const MutationResult& result) {
  const std::string begin = "; mutated: ";
  const size_t mark = result.title.rfind(begin);
  return mark == std::string::npos ? result.title : result.title.substr(mark + begin.size());
}

std::string caught_sentence(const std::vector<MutationResult>& results) {
  const auto caught = std::ranges::count_if(results, &MutationResult::caught);
  return fmt::format("{} of {} {} caught", caught, counted(std::ssize(results), "mutation"),
                     caught == 1 ? "is" : "are");
}

void print_mutations(const std::vector<MutationResult>& results, const Console& console) {
  Table table({{"mutation", Align::Left},
               {"node", Align::Left},
               {"caught by", Align::Left},
               {"unchanged"},
               {"mutated"},
               {"first failing input"},
               {"violated after"}});
  console.line(caught_sentence(results) + "; rows that are not listed do not get worse");
  console.line();
  for (const MutationResult& result : results) {
    console.print("{:<20}{}", result.mutation, change_of(result));
    if (&result != &results.front()) table.add_gap();
    add_rows(table, result);
  }
  console.line();
  console.line(table.to_string(console.colour()));
}

ordered_json to_json(const MutationResult& result) {
  return interp::write_record(result);
}

ordered_json to_json(const std::vector<MutationResult>& results) {
  return interp::write_record(results);
}

namespace {

void complete(MutationResult& result, const std::string& where) {
  for (MutatedRow& row : result.rows) {
    row.before.n = row.after.n;
    if (row.violated_after && !row.first_failure)
      throw std::runtime_error(fmt::format("{}: {}: {}.{} is violated without a first failure",
                                           where, result.mutation, row.node, to_string(row.axiom)));
  }
}

}  // namespace

MutationResult mutation_from_json(const ordered_json& json, const std::string& where) {
  auto result = interp::read_record<MutationResult>(json, where);
  complete(result, where);
  return result;
}

std::vector<MutationResult> mutations_from_json(const ordered_json& list,
                                                const std::string& where) {
  auto results = interp::read_record<std::vector<MutationResult>>(list, where);
  for (MutationResult& result : results) complete(result, where);
  return results;
}

}  // namespace assay::tools
