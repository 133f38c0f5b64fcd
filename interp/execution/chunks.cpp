#include "interp/execution/chunks.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "interp/execution/parallel.h"

namespace assay::interp {

Chunks::Chunks(int64_t items, int64_t size) : items_(items), size_(size) {
  if (items < 0 || size < 1)
    throw std::invalid_argument(
        fmt::format("chunks: expected items in chunks of at least 1, got {} of {}", items, size));
}

Chunk Chunks::operator[](int64_t index) const {
  const int64_t first = index * size_;
  return {index, first, std::min(size_, items_ - first)};
}

void Chunks::for_each(const std::function<void(const Chunk& chunk)>& work) const {
  parallel_for(count(), [&](int64_t index) { work((*this)[index]); });
}

void Chunks::in_turn(const std::function<void(const Chunk& chunk)>& work) const {
  for (int64_t index = 0; index < count(); ++index) work((*this)[index]);
}

}  // namespace assay::interp
