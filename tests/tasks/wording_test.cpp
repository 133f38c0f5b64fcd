// Every task and every operation is told in words that need no knowledge of this program.

#include "tasks/wording.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tasks/registry.h"

namespace assay::tasks {
namespace wording_test {

using nlohmann::ordered_json;

/// Operations by name only, and with parameters that mean nothing: a page is made of any record.
template <typename F>
void expect_told(const interp::Registry<circuits::OperationEntry<F>>& known) {
  for (const circuits::OperationEntry<F>& entry : known) {
    SCOPED_TRACE(entry.name);
    ASSERT_TRUE(entry.sentence) << "no sentence";
    for (const nlohmann::json& parameters :
         {nlohmann::json::object(),
          nlohmann::json{
              {"facts", 7}, {"positions", "all"}, {"decimals", {1}}, {"programs", true}}}) {
      const std::string text =
          entry.sentence({.name = entry.name, .parameters = parameters, .tensors = {}});
      EXPECT_FALSE(text.empty());
      const bool is_code = entry.name.find('_') != entry.name.npos;  // others are English words
      EXPECT_TRUE(!is_code || text.find(entry.name) == text.npos) << text;
    }
  }
}

TEST(Wording, EveryOperationOfHAlphaAndEqualityHasASentence) {
  const circuits::Operations all = all_operations();
  expect_told(all.functions);
  expect_told(all.abstractions);
  expect_told(all.equalities);
}

TEST(Wording, EveryTaskThatDrawsInputsSaysWhatItIsAbout) {
  for (const TaskEntry& entry : task_entries()) {
    if (entry.presets.empty()) continue;  // its inputs come from a file
    SCOPED_TRACE(entry.name);
    const auto task = make_task(entry.name);
    const Wording& wording = wording_of(*task);
    EXPECT_NE(wording.deed, "");
    EXPECT_THAT(wording.sentence, testing::StartsWith("It reads "));
    EXPECT_THAT(wording.sentence, testing::EndsWith("."));
    EXPECT_NE(wording.example, "");
    EXPECT_NE(wording.input, "input");
    EXPECT_EQ(wording.inputs.find(wording.input.substr(0, 3)), 0u);
    for (const int64_t answer : task->answers())
      EXPECT_FALSE(answer_in_words(*task, answer).empty());
  }
}

TEST(Wording, TellsTheFactsOfPrefixesAlongTheString) {
  const auto task = make_task("dyck");
  const Wording& wording = wording_of(*task);
  const ordered_json h = {{"operation", "prefix_facts"},
                          {"parameters", {{"facts", {"depth", "token", "violated"}}}}};
  ordered_json node = {{"node", "scan"}, {"h", h}, {"value", {{1, 0, 0}, {0, 1, 0}, {-1, 1, 1}}}};
  EXPECT_EQ(wording.of_node("value", node),
            "open 1 0 −1; last ( ) ); ever closed too many no no yes");
  node["value"] = {{1, 0}};  // of another shape: left to whoever prints any value
  EXPECT_EQ(wording.of_node("value", node), "");
  node["value"] = 3;
  EXPECT_EQ(wording.of_node("value", node), "");
  node["h"]["parameters"] = {{"facts", "depth"}};
  EXPECT_EQ(wording.of_node("value", node), "");
}

TEST(Wording, TellsValuesOfACompiledProgramByTheirNames) {
  const auto task = make_task("compiled", {{"program", "reverse"}});
  const Wording& wording = wording_of(*task);
  const auto node = [](const ordered_json& wanted, const ordered_json& positions,
                       const ordered_json& value, bool rival = false) -> ordered_json {
    return {{"h",
             {{"operation", "run_lines"},
              {"parameters",
               {{"program", "reverse"},
                {"rival", rival},
                {"wanted", wanted},
                {"positions", positions}}}}},
            {"value", value}};
  };
  // The symbols are a to d, then the numbers that may be asked for.
  EXPECT_EQ(wording.of_node("value", node({"symbol"}, {0, 1, 2}, {{-1}, {2}, {0}})), "symbol c a");
  EXPECT_EQ(wording.of_node("value", node({"symbol"}, {1, 2}, {{-1}, {3}})), "symbol – d");
  EXPECT_THAT(wording.of_node("value", node({"symbol", "asked"}, {6}, {{7, 1}})),
              testing::MatchesRegex("symbol [1-5]; asked [1-5]"));
  for (const ordered_json& odd : {ordered_json(3), ordered_json{{0, 1}}, ordered_json{{99}}})
    EXPECT_EQ(wording.of_node("value", node({"symbol"}, {1}, odd)), "") << odd;
  EXPECT_EQ(wording.of_node("h", node({"symbol"}, {1}, {{1}})), "");
}

TEST(Wording, TellsPlacesAndPairsOfAListAsSuch) {
  const auto task = make_task("induction");
  const Wording& wording = wording_of(*task);
  ordered_json node = {{"h", {{"operation", "position_behind"}}}, {"value", {5}}};
  EXPECT_EQ(wording.of_node("value", node), "position 5");
  node["value"] = {-1};
  EXPECT_EQ(wording.of_node("value", node), "nowhere");
  node = {{"h", {{"operation", "pairs_and_query"}}}, {"value", ordered_json::array()}};
  for (int i = 0; i < 9; ++i) node["value"].push_back(i);
  for (int i = 0; i < 9; ++i) node["value"].push_back(i + 1);
  node["value"].push_back(4);
  EXPECT_EQ(wording.of_node("value", node), "0→1, 1→2, 2→3, 3→4, 4→5, 5→6, 6→7, 7→8, 8→9; asked 4");
}

TEST(Wording, HasADashForAClauseThatIsMissing) {
  const auto task = make_task("two-sat", {{"variables", 5}, {"min_clauses", 1}});
  const int64_t padding = 2 * 5 + 5;
  EXPECT_EQ(group_in_words(*task, {padding, padding}), "–");
  EXPECT_NE(group_in_words(*task, {0, padding}), "–");
}

}  // namespace wording_test
}  // namespace assay::tasks
