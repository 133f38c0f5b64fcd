#include "tools/mutation_text.h"

#include <algorithm>

#include "axioms/report_fields.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;
using tasks::MutatedRow;
using tasks::MutationResult;

// What was changed: the end of the title.
std::string change_of(const MutationResult& result) {
  const size_t mark = result.title.rfind("; mutated: ");
  return result.title.substr(mark + std::string("; mutated: ").size());
}

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

ordered_json to_json(const MutatedRow& row) {
  ordered_json json = {{"node", row.node},
                       {"axiom", to_string(row.axiom)},
                       {"n", row.after.n},
                       {"failures_before", row.before.failures},
                       {"failures", row.after.failures},
                       {"claim", row.claim},
                       {"caught", row.caught()}};
  if (row.first_failure) json["first_failure"] = *row.first_failure;
  if (row.violated_after) json["violated_after"] = *row.violated_after;
  return json;
}

}  // namespace

void print_mutations(const std::vector<MutationResult>& results, const Console& console) {
  Table table({{"mutation", Align::Left},
               {"node", Align::Left},
               {"caught by", Align::Left},
               {"unchanged"},
               {"mutated"},
               {"first failing input"},
               {"violated after"}});
  console.line();
  for (const MutationResult& result : results) {
    console.print("{:<20}{}", result.mutation, change_of(result));
    if (&result != &results.front()) table.add_gap();
    add_rows(table, result);
  }
  console.line();
  console.line(table.to_string(console.colour()));
  const auto caught = std::ranges::count_if(results, &MutationResult::caught);
  console.line();
  console.print("{} of {} caught; rows that are not listed do not get worse", caught,
                results.size());
}

ordered_json to_json(const std::vector<MutationResult>& results) {
  ordered_json list = ordered_json::array();
  for (const MutationResult& result : results) {
    ordered_json rows = ordered_json::array();
    for (const MutatedRow& row : result.rows) rows.push_back(to_json(row));
    list.push_back({{"mutation", result.mutation},
                    {"seed", result.seed},
                    {"title", result.title},
                    {"caught", result.caught()},
                    {"rows", rows},
                    {"objections", interp::write_record(result.objections)}});
  }
  return list;
}

}  // namespace assay::tools
