#pragma once
// Work split into chunks of a fixed size, so that what a chunk computes does not depend on how many
// threads there are or how much is asked for at once: counts come out the same, bit for bit.
//
// Inside a worker LibTorch and the BLAS are single-threaded, since whole chunks side by side scale
// better than small matrix products cut in pieces, and denormal numbers count as zero. These are
// settings of the whole process or of a thread of it, which belongs to whoever runs it: they are as
// before when a call returns. A program of its own may keep them (own_process).

#include <cstdint>
#include <functional>

namespace assay::interp {

/// Number of worker threads of parallel_for(). @throws std::invalid_argument unless threads >= 1.
void set_threads(int threads);
int threads();

/// From now on and until it ends, this process computes everywhere as workers do. For programs
/// that do nothing else, such as the command.
void own_process();

/// Processor time of the calling thread and of the threads that its parallel_for()s have started:
/// of its own work, whatever else the process does. In seconds, from any beginning.
double cpu_seconds_of_work();

/// Calls work(index) for index = 0 … n-1, each once, on threads() threads in any order. The first
/// exception (by index) is rethrown after all workers have stopped.
void parallel_for(int64_t n, const std::function<void(int64_t index)>& work);

}  // namespace assay::interp
