#include "interp/execution/chunks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <vector>

#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::interp {
namespace chunks_test {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int64_t> counts_of(int64_t items, int64_t size) {
  std::vector<int64_t> counts;
  Chunks(items, size).in_turn([&](const Chunk& chunk) { counts.push_back(chunk.count); });
  return counts;
}

TEST(ChunksTest, OnlyTheLastIsShort) {
  EXPECT_THAT(counts_of(10, 4), ElementsAre(4, 4, 2));
  EXPECT_THAT(counts_of(8, 4), ElementsAre(4, 4));
  EXPECT_THAT(counts_of(3, 4), ElementsAre(3));
  EXPECT_THAT(counts_of(0, 4), IsEmpty());
}

TEST(ChunksTest, HaveASize) {
  EXPECT_EQ(message_of([] { Chunks(10, 0); }),
            "chunks: expected items in chunks of at least 1, got 10 of 0");
  EXPECT_THROW(Chunks(-1, 4), std::invalid_argument);
}

TEST(ChunksTest, CoverEveryItemOnceWhateverTheThreads) {
  for (const int threads : {1, 3}) {
    const WithThreads with_threads(threads);
    std::mutex mutex;
    std::multiset<int64_t> items;
    Chunks(23, 5).for_each([&](const Chunk& chunk) {
      const std::lock_guard lock(mutex);
      EXPECT_EQ(chunk.first, 5 * chunk.index);
      for (int64_t i = 0; i < chunk.count; ++i) items.insert(chunk.first + i);
    });
    EXPECT_EQ(items.size(), 23u);
    EXPECT_EQ(std::set(items.begin(), items.end()).size(), 23u);
  }
}

}  // namespace chunks_test
}  // namespace assay::interp
