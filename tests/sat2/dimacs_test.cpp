#include "sat2/dimacs.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "sat2/sampler.h"

namespace assay::sat2 {
namespace dimacs_test {

using testing::ThrowsMessage;

const Formula kExample = {4, {{{0, false}, {1, true}}, {{3, false}, {2, false}}}};

void expect_refused(const char* text, const char* message) {
  EXPECT_THAT([&] { parse_dimacs(text); }, ThrowsMessage<std::invalid_argument>(message)) << text;
}

TEST(Dimacs, CountsVariablesFromOneAndNegatesByMinus) {
  EXPECT_EQ(to_dimacs(kExample), "p cnf 4 2\n1 -2 0\n4 3 0\n");
}

TEST(Dimacs, ParsesWhatItPrints) {
  EXPECT_EQ(parse_dimacs(to_dimacs(kExample)), kExample);
  EXPECT_EQ(parse_dimacs(to_dimacs({3, {}})), (Formula{3, {}}));
  for (int variables = 2; variables <= kMaxVariables; ++variables) {
    const Sampler sampler({variables, 1, 12}, Split::Train, /*seed=*/1);
    for (uint64_t i = 0; i < 500; ++i) {
      const Formula formula = sampler.draw(i);
      EXPECT_EQ(parse_dimacs(to_dimacs(formula)), formula);
    }
  }
}

TEST(Dimacs, SkipsCommentsAndReadsClausesAcrossLines) {
  EXPECT_EQ(parse_dimacs("c from somewhere\n\np  cnf 4 2\r\n1 -2 0 4\nc between\n3\n0"), kExample);
}

TEST(Dimacs, RefusalsNameLineFoundAndExpected) {
  expect_refused("", "line 0: found the end, expected 'p cnf <variables> <clauses>'");
  expect_refused("c no header\n1 2 0\n",
                 "line 2: found '1 2 0', expected 'p cnf <variables> <clauses>'");
  expect_refused("p sat 2 1\n",
                 "line 1: found 'p sat 2 1', expected 'p cnf <variables> <clauses>'");
  expect_refused("p cnf 7 1\n", "line 1: found '7', expected variables from 1 to 6");
  expect_refused("p cnf 2 many\n", "line 1: found 'many', expected clauses from 0 to 2147483647");
  expect_refused("p cnf 2 1\n1 3 0\n", "line 2: found '3', expected a literal or 0 from -2 to 2");
  expect_refused("p cnf 2 1\n1 2x 0\n", "line 2: found '2x', expected a literal or 0 from -2 to 2");
  expect_refused("p cnf 3 1\n1 2 3 0\n", "line 2: found a clause of length 3, expected length 2");
  expect_refused("p cnf 3 1\n\n1 0\n", "line 3: found a clause of length 1, expected length 2");
  expect_refused("p cnf 2 1\n1 2\n", "line 2: found the end, expected 0 after the last clause");
  expect_refused("p cnf 2 2\n1 2 0\n", "line 2: found the end after clause 1, expected 2 clauses");
  expect_refused("p cnf 3 2\n1 2 0\n3 -3 0\n",
                 "clause 2: x2 occurs twice, expected two different variables");
}

}  // namespace dimacs_test
}  // namespace assay::sat2
