#include "tasks/registry.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "tests/tasks/conformance.h"

namespace assay::tasks {
namespace registry_test {

using nlohmann::json;
using testing::ThrowsMessage;

/// Tasks that draw inputs of their own; those of `data` and `sentiment` come from files
/// (data_task_test.cpp, sentiment_test.cpp).
std::vector<std::string> tasks_with_inputs() {
  std::vector<std::string> names;
  for (const TaskEntry& entry : task_entries())
    if (!entry.presets.empty() && std::ranges::none_of(entry.options, &Option::is_path))
      names.push_back(entry.name);
  return names;
}

class Entries : public testing::TestWithParam<std::string> {
 protected:
  static const TaskEntry& entry() { return task_entries().at(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Registry, Entries, testing::ValuesIn(tasks_with_inputs()));

TEST_P(Entries, ConformToWhatATaskPromises) {
  const auto task = make_task(entry().name);
  EXPECT_EQ(task->name(), entry().name);
  expect_conforming(*task);
}

TEST_P(Entries, TakeTheirDefaultsFromTheirSettings) {
  Settings defaults;
  std::set<std::string> options;
  for (const Option& option : entry().options) {
    defaults[option.name] = option.value;
    EXPECT_TRUE(option.flag.starts_with("--")) << option.flag;
    options.insert(option.flag);
  }
  EXPECT_EQ(options.size(), entry().options.size());
  const Settings own = make_task(entry().name)->settings();
  EXPECT_EQ(interp::complete(entry().options, own, entry().name), defaults);
}

TEST_P(Entries, HaveAValidRecipeForEveryPreset) {
  ASSERT_FALSE(entry().presets.empty());
  for (const Preset& preset : entry().presets) {
    SCOPED_TRACE(preset.name);
    expect_valid_recipe(*make_task(entry().name, preset.settings), preset.name);
    expect_valid_recipe(*make_task(entry().name), preset.name);
  }
}

TEST_P(Entries, AreMadeAgainFromTheirJson) {
  for (const Preset& preset : entry().presets) {
    const auto task = make_task(entry().name, preset.settings);
    const auto again = task_from_json(json::parse(task->to_json().dump()));
    EXPECT_EQ(again->to_json(), task->to_json());
    EXPECT_EQ(again->settings(), task->settings());
    EXPECT_TRUE(again->sample(Part::Train, 1, 0, 5)
                    .tokens.equal(task->sample(Part::Train, 1, 0, 5).tokens));
  }
}

TEST(Registry, HoldsTheOperationsOfEveryTaskBesideTheGenericOnes) {
  const circuits::Operations all = all_operations();
  for (const std::string& name : interp::names_of(circuits::generic_operations().functions))
    EXPECT_TRUE(all.functions.contains(name)) << name;
  for (const char* name : {"truth_table_programs", "flipped_signs", "fourier_components", "chain"})
    EXPECT_TRUE(all.functions.contains(name)) << name;
  for (const auto& entry : all.functions) EXPECT_FALSE(entry.help.empty()) << entry.name;
}

TEST(Registry, ListsTheTasksThatExist) {
  EXPECT_EQ(task_entries().at("two-sat").name, "two-sat");
  EXPECT_THAT(
      [] { task_entries().at("three-sat"); },
      ThrowsMessage<std::invalid_argument>("unknown task 'three-sat'; there are two-sat, "
                                           "modular-addition, dyck, majority, max-of-four, "
                                           "compiled, induction, bag-of-words, slalom-words, "
                                           "sentiment, data"));
  EXPECT_THAT([] { make_task(""); },
              ThrowsMessage<std::invalid_argument>(
                  "unknown task ''; there are two-sat, modular-addition, "
                  "dyck, majority, max-of-four, compiled, induction, bag-of-words, slalom-words, "
                  "sentiment, data"));
}

TEST(Registry, ListsTheSettingsThatExist) {
  EXPECT_THAT(
      [] {
        make_task("two-sat", {{"literals", 3}});
      },
      ThrowsMessage<std::invalid_argument>(
          "task two-sat has no setting 'literals'; there are variables, clauses, min_clauses"));
}

TEST(Registry, RefusesSettingsOutOfRange) {
  EXPECT_THAT(
      [] {
        make_task("two-sat", {{"variables", 7}});
      },
      ThrowsMessage<std::invalid_argument>("variables: expected 2 to 6, got 7"));
  EXPECT_THROW(make_task("two-sat", {{"clauses", 0}}), std::invalid_argument);
  EXPECT_THROW(make_task("two-sat", {{"clauses", -10}}), std::invalid_argument);
  constexpr int64_t kTwoTo32 = int64_t{1} << 32;
  EXPECT_THROW(make_task("two-sat", {{"variables", kTwoTo32 + 5}}), std::invalid_argument);
  EXPECT_THROW(make_task("two-sat", {{"clauses", kTwoTo32 + 10}}), std::invalid_argument);
}

TEST(Registry, RefusesJsonThatIsNoTask) {
  EXPECT_THAT(
      [] {
        task_from_json({{"name", "two-sat"}});
      },
      ThrowsMessage<std::invalid_argument>(
          R"(a task is {"name", "settings"}, got {"name":"two-sat"})"));
  EXPECT_THROW(task_from_json(json::array()), std::invalid_argument);
  EXPECT_THROW(task_from_json({{"name", 3}, {"settings", json::object()}}), std::invalid_argument);
  EXPECT_THROW(task_from_json({{"name", "two-sat"}, {"settings", {{"variables", "five"}}}}),
               std::invalid_argument);
  EXPECT_THAT(
      [] {
        task_from_json({{"name", "sat"}, {"settings", json::object()}});
      },
      ThrowsMessage<std::invalid_argument>("unknown task 'sat'; there are two-sat, "
                                           "modular-addition, dyck, majority, max-of-four, "
                                           "compiled, induction, bag-of-words, slalom-words, "
                                           "sentiment, data"));
}

}  // namespace registry_test
}  // namespace assay::tasks
