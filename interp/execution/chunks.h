#pragma once
// A number of items cut into chunks of a fixed size at fixed places: what a chunk computes depends
// on neither the threads nor what else is asked for, and results can be joined in the order of the
// chunks. A chunk is one run of the network, so its size is enough for matrix products and few
// enough for the cache; it is part of every result that sums floating-point numbers.

#include <cstdint>
#include <functional>

namespace assay::interp {

struct Chunk {
  int64_t index = 0, first = 0, count = 0;
};

/// Runs of the network as it is.
inline constexpr int64_t kInputsPerRun = 128;
/// Runs that keep a graph for gradients of the weights.
inline constexpr int64_t kInputsPerStep = 64;
/// Runs by components, and for gradients of their inputs: many values per input are held.
inline constexpr int64_t kInputsPerComponentRun = 32;

/// Told how far a long computation is, from several threads but one at a time.
using Progress = std::function<void(int64_t done, int64_t of)>;

class Chunks {
 public:
  /// @throws std::invalid_argument unless items >= 0 and size >= 1.
  Chunks(int64_t items, int64_t size);

  int64_t count() const { return (items_ + size_ - 1) / size_; }
  int64_t items() const { return items_; }
  Chunk operator[](int64_t index) const;

  /// Calls work(chunk) for each, on threads() threads in any order. @throws as parallel_for().
  void for_each(const std::function<void(const Chunk& chunk)>& work) const;
  /// The same, one after the other.
  void in_turn(const std::function<void(const Chunk& chunk)>& work) const;

 private:
  int64_t items_, size_;
};

}  // namespace assay::interp
