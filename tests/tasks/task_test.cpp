#include "tasks/task.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "interp/network/build.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace task_test {

using testing::ThrowsMessage;

TEST(Task, SaysWhichSizesAModelShouldHave) {
  const auto task = make_task("two-sat");
  interp::TransformerConfig config{.d_vocab = 16, .n_ctx = 41};
  EXPECT_NO_THROW(task->require_fits(interp::describe(config)));
  config.d_model = 8;  // how wide the model is, is its own matter
  EXPECT_NO_THROW(task->require_fits(interp::describe(config)));
  config.n_ctx = 40;
  EXPECT_THAT([&] { task->require_fits(interp::describe(config)); },
              ThrowsMessage<std::invalid_argument>(
                  "the model has d_vocab 16 and n_ctx 40, but the task two-sat with "
                  R"({"clauses":10,"variables":5} needs d_vocab 16 and n_ctx 41)"));
  config = {.d_vocab = 12, .n_ctx = 41};
  EXPECT_THAT([&] { task->require_fits(interp::describe(config)); },
              ThrowsMessage<std::invalid_argument>(
                  "the model has d_vocab 12 and n_ctx 41, but the task two-sat with "
                  R"({"clauses":10,"variables":5} needs d_vocab 16 and n_ctx 41)"));
}

TEST(Task, IsNameAndSettingsAsJson) {
  EXPECT_EQ(make_task("two-sat", {{"variables", 3}})->to_json().dump(),
            R"({"name":"two-sat","settings":{"clauses":10,"variables":3}})");
}

TEST(Task, HandsOutADatasetAsAFunction) {
  const auto task = make_task("two-sat");
  const auto from_function = task->inputs(Part::Test, 9)(4, 6);
  const auto from_task = task->sample(Part::Test, 9, 4, 6);
  EXPECT_TRUE(from_function.tokens.equal(from_task.tokens));
  EXPECT_TRUE(from_function.labels.equal(from_task.labels));
}

}  // namespace task_test
}  // namespace assay::tasks
