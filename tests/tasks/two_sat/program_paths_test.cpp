#include "tasks/two_sat/program_paths.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <random>
#include <vector>

#include "tests/tasks/two_sat/spell_programs.h"

namespace assay::tasks::two_sat {
namespace program_paths_test {

std::vector<int64_t> every_table_of_two_variables() {
  std::vector<int64_t> tables;
  for (int64_t table = 0; table < 16; ++table) tables.push_back(table);
  return tables;
}

void expect_as_one_by_one(const std::vector<Program>& programs,
                          const std::vector<int64_t>& tables) {
  const at::Tensor values = ProgramPaths(programs).values(torch::tensor(tables, torch::kInt64));
  ASSERT_EQ(values.scalar_type(), torch::kBool);
  ASSERT_EQ(values.sizes(), (std::vector<int64_t>{std::ssize(tables), std::ssize(programs)}));
  for (size_t t = 0; t < tables.size(); ++t)
    for (size_t p = 0; p < programs.size(); ++p)
      EXPECT_EQ(values[t][p].item<bool>(), value_of(programs[p], static_cast<uint64_t>(tables[t])))
          << programs[p] << " of " << tables[t];
}

TEST(ProgramPaths, AgreeWithEachProgramOnEveryTable) {
  std::vector<Program> programs = {true, false, any_of({}), any_of({0, 1, 2, 3}),
                                   ask(1, ask(1, false, true), ask(1, false, true))};
  for (int a = 0; a < 4; ++a)
    for (int b = 0; b < 4; ++b)
      for (const bool leaf : {false, true}) {
        programs.push_back(ask(a, ask(b, leaf, !leaf), any_of({b, a})));
        programs.push_back(ask(a, any_of({a}), ask(b, true, leaf)));
        programs.push_back(any_of({a, b, a}));
      }
  expect_as_one_by_one(programs, every_table_of_two_variables());
}

TEST(ProgramPaths, ReadEveryBitOfAWord) {
  std::mt19937_64 random(5);
  std::vector<Program> programs;
  for (int a = 0; a < 64; ++a) {
    programs.push_back(ask(a, false, true));
    programs.push_back(ask(63, ask(a, true, false), any_of({a, 62})));
  }
  std::vector<int64_t> tables = {0, -1, int64_t{1} << 62};
  for (int i = 0; i < 40; ++i) tables.push_back(static_cast<int64_t>(random()));
  expect_as_one_by_one(programs, tables);
}

TEST(ProgramPaths, OfConstantsAndOfNoneNeedNoPath) {
  const std::vector<Program> constants = {true, false, any_of({}), ask(2, true, true)};
  expect_as_one_by_one(constants, every_table_of_two_variables());
  EXPECT_EQ(ProgramPaths(constants).count(), 0);
  expect_as_one_by_one({}, {0, 3});
}

int64_t paths_of(const std::vector<Program>& programs) {
  return ProgramPaths(programs).count();
}

TEST(ProgramPaths, AreAsFewAsTheRarerAnswerHas) {
  const Program one_of_six = any_of({0, 1, 2, 3, 4, 5});
  EXPECT_EQ(paths_of(std::vector<Program>(1, one_of_six)), 1);
  const Program all_of_three = ask(0, ask(1, ask(2, true, false), false), false);
  EXPECT_EQ(paths_of(std::vector<Program>(1, all_of_three)), 1);
  EXPECT_EQ(paths_of({ask(0, true, false), any_of({7})}), 2);
}

}  // namespace program_paths_test
}  // namespace assay::tasks::two_sat
