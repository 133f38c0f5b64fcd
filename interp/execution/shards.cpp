#include "interp/execution/shards.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <stdexcept>

#include "interp/execution/parallel.h"

namespace assay::interp {

void require_each_once(const std::vector<NamedShard>& shards) {
  std::map<int64_t, std::string> names;
  for (const auto& [name, shard] : shards) {
    const auto [other, is_new] = names.try_emplace(shard.index, name);
    if (!is_new)
      throw std::invalid_argument(fmt::format("{} and {} are both part {} of {}", other->second,
                                              name, shard.index, shard.of));
  }
  constexpr size_t kMostNamed = 10;
  std::vector<int64_t> missing;
  for (int64_t index = 1; index <= shards.at(0).shard.of && missing.size() < kMostNamed; ++index)
    if (!names.contains(index)) missing.push_back(index);
  if (!missing.empty())
    throw std::invalid_argument(fmt::format("part {} of {} is missing: given are {}",
                                            fmt::join(missing, ", "), shards.front().shard.of,
                                            fmt::join(names | std::views::values, ", ")));
}

Range range_of(const Shard& shard, int64_t items, int64_t chunk) {
  const int64_t chunks = Chunks(items, chunk).count();
  if (shard.index < 1 || shard.index > shard.of)
    throw std::invalid_argument(
        fmt::format("part {}/{}: expected the number of a part, from 1 to {}", shard.index,
                    shard.of, shard.of));
  if (shard.of > chunks && !shard.is_whole())
    throw std::invalid_argument(
        fmt::format("part {}/{}: {} inputs are {} chunks of up to {}, which make at most as many "
                    "parts",
                    shard.index, shard.of, items, chunks, chunk));
  // The first `larger` parts have one chunk more than the others.
  const int64_t size = chunks / shard.of, larger = chunks % shard.of;
  const auto begin = [&](int64_t part) {
    return std::min(items, (part * size + std::min(part, larger)) * chunk);
  };
  return {begin(shard.index - 1), begin(shard.index) - begin(shard.index - 1)};
}

Ranges joined(Ranges ranges) {
  std::ranges::sort(ranges, {}, &Range::first);
  Ranges all;
  for (const Range& range : ranges) {
    if (range.count == 0) continue;
    const int64_t end = all.empty() ? range.first : all.back().first + all.back().count;
    if (range.first < end)
      throw std::invalid_argument(
          fmt::format("inputs {} to {} are counted twice", range.first, end - 1));
    if (!all.empty() && range.first == end)
      all.back().count += range.count;
    else
      all.push_back(range);
  }
  return all;
}

Ranges rest_of(const Range& all, const Ranges& ranges) {
  Ranges rest;
  int64_t from = all.first;
  const auto add_until = [&](int64_t to) {
    if (to > from) rest.push_back({from, to - from});
  };
  for (const Range& range : ranges) {
    add_until(std::min(range.first, all.first + all.count));
    from = std::max(from, range.first + range.count);
  }
  add_until(all.first + all.count);
  return rest;
}

int64_t count_of(const Ranges& ranges) {
  int64_t count = 0;
  for (const Range& range : ranges) count += range.count;
  return count;
}

bool contains(const Ranges& ranges, int64_t item) {
  const auto after = std::ranges::upper_bound(ranges, item, {}, &Range::first);
  return after != ranges.begin() && item < std::prev(after)->first + std::prev(after)->count;
}

void for_each_in(const Ranges& ranges, const Chunks& chunks,
                 const std::function<void(const Chunk& chunk)>& work) {
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < chunks.count(); ++i)
    if (contains(ranges, chunks[i].first)) chosen.push_back(i);
  parallel_for(std::ssize(chosen), [&](int64_t i) { work(chunks[chosen[i]]); });
}

}  // namespace assay::interp
