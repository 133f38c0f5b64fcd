#include "tools/failure.h"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <new>
#include <stdexcept>
#include <thread>

#include "interp/execution/parallel.h"
#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::tools {
namespace failure_test {

using testing::EndsWith;
using testing::ExitedWithCode;
using testing::HasSubstr;

TEST(FailureTest, EveryMessageIsOneLineThatATerminalCanShow) {
  EXPECT_EQ(failure_line("a\nb\tc\n"), "a b c");
  EXPECT_EQ(failure_line("x\x1b[31m"), "x\\x1b[31m");
  EXPECT_EQ(failure_line("x.json: node 1: std::bad_alloc"), "x.json: node 1: out of memory");
}

TEST(FailureTest, ErrorsOfLibTorchHaveNoBacktrace) {
  const std::string message = interp::message_of([] { TORCH_CHECK(false, "what is wrong"); });
  ASSERT_THAT(message, HasSubstr("Exception raised from"));
  EXPECT_EQ(failure_line("x: " + message), "x: what is wrong");
}

TEST(FailureTest, MemoryThatCannotBeHadIsCalledSoFromWorkersToo) {
  for (const int threads : {1, 3}) {
    const interp::WithThreads with_threads(threads);
    const std::string message = interp::message_of([] {
      interp::parallel_for(5, [](int64_t) { at::empty({int64_t{1} << 60}, torch::kUInt8); });
    });
    EXPECT_THAT(failure_line(message),
                EndsWith("out of memory: you tried to allocate 1152921504606846976 bytes. Error "
                         "code 12 (Cannot allocate memory)"));
  }
}

TEST(FailureDeathTest, WhatEscapesEndsTheProcessInOneLine) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto escape = [](auto thrown) {
    end_failures_in_one_line();
    std::thread([&] { throw thrown; }).join();
  };
  EXPECT_EXIT(escape(std::bad_alloc()), ExitedWithCode(2), "assay: out of memory\n");
  EXPECT_EXIT(escape(std::runtime_error("what\nit was")), ExitedWithCode(2),
              "assay: what it was\n");
  EXPECT_EXIT(escape(7), ExitedWithCode(2), "assay: ended by an exception of an unknown kind\n");
}

}  // namespace failure_test
}  // namespace assay::tools
