#pragma once
// Work split into chunks of a fixed size, so that what a chunk computes does not depend on how many
// threads there are or how much is asked for at once: counts come out the same, bit for bit.

#include <cstdint>
#include <functional>

namespace assay::interp {

/// Number of worker threads; also makes LibTorch and the BLAS single-threaded inside a worker, since
/// whole chunks side by side scale better than small matrix products cut in pieces.
/// @throws std::invalid_argument unless threads >= 1.
void set_threads(int threads);
int threads();

/// Calls work(index) for index = 0 … n-1, each once, on threads() threads in any order. The first
/// exception (by index) is rethrown after all workers have stopped.
void parallel_for(int64_t n, const std::function<void(int64_t index)>& work);

}  // namespace assay::interp
