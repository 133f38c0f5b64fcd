#include "tasks/counterfactual_file.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "tasks/registry.h"
#include "tests/interp/scratch.h"

namespace assay::tasks {
namespace counterfactual_file_test {

using interp::message_of;
using testing::HasSubstr;

class CounterfactualFile : public interp::Scratch {
 protected:
  circuits::Counterfactuals load(const std::string& prompts) {
    put("data.json", R"({"prompts": [)" + prompts + "]}");
    return load_counterfactuals(at("data.json"), *task);
  }

  std::unique_ptr<Task> task = make_task("two-sat", {{"variables", 3}, {"clauses", 4}});
  const std::string one = R"({"clean": "( x0 x1 ) ( Not(x0) x2 ) ( x1 x2 ) ( x0 Not(x2) ) :",
                              "answers": ["s"]})";
  // The sampler writes the lower-numbered variable first.
  const std::string other = R"({"clean": "( x1 x0 ) ( Not(x0) x2 ) ( x1 x2 ) ( x0 Not(x2) ) :",
                                "answers": ["s"]})";
};

TEST_F(CounterfactualFile, IsAListWhoseDistinctAndForeignLinesAreCounted) {
  const circuits::Counterfactuals data = load(one + "," + one + "," + other + "," + one);
  EXPECT_FALSE(data.is_sample);
  EXPECT_FALSE(data.has_spread());
  EXPECT_EQ(data.size(), 4);
  const ListFacts facts = list_facts(data, *task);
  EXPECT_EQ(facts.distinct, 2);
  EXPECT_EQ(facts.outside, 1);
  EXPECT_TRUE(data.answers.equal(task->answer_mask()));
}

TEST_F(CounterfactualFile, RefusesAnAnswerThatIsNone) {
  EXPECT_THAT(message_of([&] {
                load(R"({"clean": "( x0 x1 ) ( Not(x0) x2 ) ( x1 x2 ) ( x0 Not(x2) ) :",
                         "answers": ["("]})");
              }),
              HasSubstr("prompt 1: '(' is none of the 2 answers of the task two-sat"));
}

TEST(CanDraw, IsTrueOfWhatTasksDraw) {
  for (const char* name : {"two-sat", "modular-addition"}) {
    const auto task = make_task(name);
    const at::Tensor tokens = task->sample(Part::Test, 1, 0, 20).tokens;
    for (int64_t i = 0; i < 20; ++i) EXPECT_TRUE(task->can_draw(tokens[i])) << name;
    EXPECT_FALSE(task->can_draw(at::zeros_like(tokens[0]))) << name;
    EXPECT_FALSE(task->can_draw(at::full_like(tokens[0], 10'000))) << name;
    for (const Part part : {Part::Train, Part::Derive, Part::Test})
      EXPECT_EQ(task->part_of(task->sample(part, 3, 0, 1).tokens[0]), part) << name;
    EXPECT_FALSE(task->part_of(at::zeros_like(tokens[0])).has_value()) << name;
  }
}

}  // namespace counterfactual_file_test
}  // namespace assay::tasks
