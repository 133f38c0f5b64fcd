#include "interp/execution/shards.h"

#include <gmock/gmock.h>

#include <mutex>
#include <random>
#include <set>

#include "tests/interp/scratch.h"

namespace assay::interp {
namespace shards_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ShardsTest, PartsAreWholeChunksThatFollowEachOther) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const int64_t chunk = 1 + random() % 200, items = 1 + random() % 5000,
                  chunks = Chunks(items, chunk).count(), of = 1 + random() % chunks;
    int64_t next = 0, least = chunks, most = 0;
    for (int64_t index = 1; index <= of; ++index) {
      const Range range = range_of({index, of}, items, chunk);
      EXPECT_EQ(range.first, next);
      EXPECT_EQ(range.first % chunk, 0);
      EXPECT_GT(range.count, 0);
      next += range.count;
      least = std::min(least, (range.count + chunk - 1) / chunk);
      most = std::max(most, (range.count + chunk - 1) / chunk);
    }
    EXPECT_EQ(next, items);
    EXPECT_LE(most - least, 1);
  }
}

TEST(ShardsTest, NoPartIsEmpty) {
  EXPECT_THAT(message_of([] {
                range_of({1, 3}, 256, 128);
              }),
              HasSubstr("part 1/3: 256 inputs are 2 chunks of up to 128"));
  EXPECT_THAT(message_of([] { range_of({4, 3}, 1000, 1); }), HasSubstr("from 1 to 3"));
  EXPECT_THAT(message_of([] { range_of({0, 3}, 1000, 1); }), HasSubstr("from 1 to 3"));
  EXPECT_EQ(range_of({1, 1}, 0, 128), (Range{0, 0}));
}

TEST(ShardsTest, RangesAreJoinedAndNeverCountedTwice) {
  EXPECT_THAT(joined({{8, 2}, {0, 4}, {4, 2}, {7, 0}}), ElementsAre(Range{0, 6}, Range{8, 2}));
  EXPECT_THAT(message_of([] {
                joined({{0, 4}, {3, 2}});
              }),
              HasSubstr("inputs 3 to 3 are counted twice"));
  EXPECT_THAT(rest_of({2, 10}, {{0, 3}, {5, 2}}), ElementsAre(Range{3, 2}, Range{7, 5}));
  EXPECT_THAT(rest_of({2, 10}, {{2, 10}}), IsEmpty());
  EXPECT_THAT(rest_of({2, 10}, {}), ElementsAre(Range{2, 10}));
  EXPECT_THAT(rest_of({2, 3}, {{9, 4}}), ElementsAre(Range{2, 3}));
}

TEST(ShardsTest, AnItemIsInOneOfTheRangesOrInNone) {
  const Ranges ranges = {{2, 3}, {8, 1}};
  std::vector<int64_t> found;
  for (int64_t item = 0; item < 12; ++item)
    if (contains(ranges, item)) found.push_back(item);
  EXPECT_THAT(found, ElementsAre(2, 3, 4, 8));
  EXPECT_FALSE(contains({}, 0));
}

TEST(ShardsTest, EveryChunkOfTheRangesIsWorkedOn) {
  std::mutex mutex;
  std::set<int64_t> seen;
  for_each_in({{0, 8}, {12, 5}}, Chunks(17, 4), [&](const Chunk& chunk) {
    const std::lock_guard lock(mutex);
    seen.insert(chunk.index);
  });
  EXPECT_THAT(seen, ElementsAre(0, 1, 3, 4));
}

}  // namespace shards_test
}  // namespace assay::interp
