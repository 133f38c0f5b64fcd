#pragma once
// A stream of inputs cut into parts that are computed apart and add up to the whole. Parts consist
// of whole chunks (chunks.h), so that every chunk computes in a part what it computes in one run.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "interp/execution/chunks.h"

namespace assay::interp {

/// Items first … first + count - 1.
struct Range {
  int64_t first = 0, count = 0;
  bool operator==(const Range&) const = default;
};
using Ranges = std::vector<Range>;  ///< ascending, not touching each other

/// Part `index` of `of`, counted from 1.
struct Shard {
  int64_t index = 1, of = 1;
  bool is_whole() const { return of == 1; }
};

struct NamedShard {
  std::string name;  ///< of its file, for messages
  Shard shard;
};
/// @throws std::invalid_argument naming the files, if a part is missing or given twice. The shards
///   are of equally many.
void require_each_once(const std::vector<NamedShard>& shards);

/// The items of a part. Parts differ by at most one chunk in size.
/// @throws std::invalid_argument unless 1 <= index <= of, and if there are fewer chunks than parts.
Range range_of(const Shard& shard, int64_t items, int64_t chunk);

/// In order, with neighbours joined. @throws std::invalid_argument if two of them overlap.
Ranges joined(Ranges ranges);

/// What of `all` lies in none of these.
Ranges rest_of(const Range& all, const Ranges& ranges);

int64_t count_of(const Ranges& ranges);
bool contains(const Ranges& ranges, int64_t item);

/// Calls work(chunk) for each chunk that begins in one of the ranges, on threads() threads in any
/// order. @throws as parallel_for().
void for_each_in(const Ranges& ranges, const Chunks& chunks,
                 const std::function<void(const Chunk& chunk)>& work);

}  // namespace assay::interp
