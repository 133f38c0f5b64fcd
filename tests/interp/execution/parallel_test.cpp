#include "interp/execution/parallel.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::interp {
namespace parallel_test {

class ParallelTest : public testing::TestWithParam<int> {
  const WithThreads with_threads_{GetParam()};
};

TEST_P(ParallelTest, EachIndexIsWorkedOnOnce) {
  for (const int64_t n : {0, 1, 2, 7, 1000}) {
    std::vector<std::atomic<int>> visits(n);
    parallel_for(n, [&](int64_t index) { ++visits.at(index); });
    for (const auto& count : visits) EXPECT_EQ(count, 1);
  }
}

TEST_P(ParallelTest, TheFirstExceptionByIndexIsRethrown) {
  for (int repetition = 0; repetition < 200; ++repetition) {
    const auto work = [](int64_t index) {
      // The lower index is slower, and fails all the same.
      if (index == 3) std::this_thread::sleep_for(std::chrono::microseconds(300));
      if (index >= 3) throw std::runtime_error(std::to_string(index));
    };
    EXPECT_EQ(message_of([&] { parallel_for(20, work); }), "3");
  }
}

TEST_P(ParallelTest, AllWorkersHaveStoppedWhenTheExceptionArrives) {
  std::atomic<int> running = 0, started = 0;
  const auto work = [&](int64_t index) {
    ++running, ++started;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    --running;
    if (index == 0) throw std::runtime_error("first");
  };
  EXPECT_THROW(parallel_for(10'000, work), std::runtime_error);
  EXPECT_EQ(running, 0);
  EXPECT_LT(started, 1000);  // the rest is left alone
}

TEST_P(ParallelTest, WorkersUseNoThreadsOfTheirOwn) {
  std::vector<int> inner(50);
  parallel_for(50, [&](int64_t index) { inner[index] = at::get_num_threads(); });
  EXPECT_THAT(inner, testing::Each(1));
}

// Two loops in one another have no more threads than one: with four, two workers have two each.
TEST(ParallelInParallel, WorkersShareTheThreads) {
  const WithThreads four(4);
  std::mutex mutex;
  std::set<std::thread::id> all;
  std::vector<std::set<std::thread::id>> inner(2);
  parallel_for(2, [&](int64_t outer) {
    parallel_for(40, [&](int64_t) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard lock(mutex);
      inner[outer].insert(std::this_thread::get_id());
      all.insert(std::this_thread::get_id());
    });
  });
  EXPECT_LE(inner[0].size(), 2);
  EXPECT_LE(inner[1].size(), 2);
  EXPECT_LE(all.size(), 4);
  EXPECT_GE(all.size(), 2);
}

/// Turns the processor for at least so many seconds of this thread's time.
void work_for(double seconds) {
  const double begin = cpu_seconds_of_work();
  while (cpu_seconds_of_work() - begin < seconds) {
  }
}

// What the process does beside it is not counted, and what helpers do is.
TEST(ProcessorTime, IsThatOfOnesOwnWork) {
  const WithThreads two(2);
  std::vector<double> spent(2);
  parallel_for(2, [&](int64_t i) {
    const double begin = cpu_seconds_of_work();
    work_for(i == 0 ? 0.02 : 0.08);
    spent[i] = cpu_seconds_of_work() - begin;
  });
  EXPECT_LT(spent[0], 0.06);
  EXPECT_GE(spent[1], 0.08);
  const double begin = cpu_seconds_of_work();
  parallel_for(4, [&](int64_t) { work_for(0.02); });
  EXPECT_GE(cpu_seconds_of_work() - begin, 0.08);
}

TEST_P(ParallelTest, WorkersTakeDenormalNumbersForZero) {
  std::vector<float> products(50, 1);
  parallel_for(50, [&](int64_t index) {
    volatile float tiny = 1e-30F;
    products[index] = tiny * 1e-10F;
  });
  EXPECT_THAT(products, testing::Each(0.0F));
}

TEST_P(ParallelTest, LoopsMayBeNested) {
  std::atomic<int> visits = 0;
  parallel_for(5, [&](int64_t) { parallel_for(6, [&](int64_t) { ++visits; }); });
  EXPECT_EQ(visits, 30);
}

INSTANTIATE_TEST_SUITE_P(Threads, ParallelTest, testing::Values(1, 2, 5),
                         testing::PrintToStringParamName());

TEST(ParallelSettingTest, ThreadsAreAtLeastOne) {
  const WithThreads with_threads(3);
  EXPECT_EQ(threads(), 3);
  EXPECT_EQ(message_of([] { set_threads(0); }), "threads: expected at least 1, got 0");
  EXPECT_THROW(set_threads(-2), std::invalid_argument);
  EXPECT_EQ(threads(), 3);
}

TEST(ParallelSettingTest, SeveralThreadsReallyWork) {
  const WithThreads with_threads(3);
  std::mutex mutex;
  std::set<std::thread::id> workers;
  parallel_for(30, [&](int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const std::lock_guard lock(mutex);
    workers.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(workers.size(), 3);
}

}  // namespace parallel_test
}  // namespace assay::interp
