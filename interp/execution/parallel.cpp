#include "interp/execution/parallel.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <ctime>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "interp/execution/blas.h"

namespace assay::interp {
namespace {

int worker_threads = 1;
// What a worker may use for a parallel_for() of its own: its part of them. 0: outside of workers.
thread_local int threads_of_worker = 0;
thread_local double cpu_seconds_of_helpers =
    0;  // that this thread has started, and that have ended

double cpu_seconds_of_thread() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Threads that LibTorch uses inside of an operator: a setting of the calling thread, which those
// that it starts take over.
class OneTorchThread {
 public:
  OneTorchThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneTorchThread() { at::set_num_threads(before_); }
  OneTorchThread(const OneTorchThread&) = delete;
  OneTorchThread& operator=(const OneTorchThread&) = delete;

 private:
  int before_;
};

// Threads of the BLAS are one number for the process: whoever comes first remembers it, and the
// last to leave puts it back.
class OneBlasThread {
 public:
  OneBlasThread() {
    const std::lock_guard lock(mutex_);
    if (holders_++ > 0) return;
    before_ = blas_threads();
    set_blas_threads(1);
  }
  ~OneBlasThread() {
    const std::lock_guard lock(mutex_);
    if (--holders_ == 0 && before_ > 0) set_blas_threads(before_);
  }
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;

 private:
  inline static std::mutex mutex_;
  inline static int holders_ = 0, before_ = 0;
};

// Sharp attention leaves softmax tails in the denormal range, where arithmetic is tens of times
// slower (measured: 0.13 -> 0.33 CPU seconds per training step). The setting is part of a thread's
// floating-point environment, which new threads inherit.
class DenormalsAsZero {
 public:
  DenormalsAsZero() {
    std::fegetenv(&before_);
    at::globalContext().setFlushDenormal(true);
  }
  ~DenormalsAsZero() { std::fesetenv(&before_); }
  DenormalsAsZero(const DenormalsAsZero&) = delete;
  DenormalsAsZero& operator=(const DenormalsAsZero&) = delete;

 private:
  std::fenv_t before_;
};

class WorkerThreads {
 public:
  explicit WorkerThreads(int threads) : before_(std::exchange(threads_of_worker, threads)) {}
  ~WorkerThreads() { threads_of_worker = before_; }
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

 private:
  int before_;
};

}  // namespace

void set_threads(int threads) {
  if (threads < 1)
    throw std::invalid_argument(fmt::format("threads: expected at least 1, got {}", threads));
  worker_threads = threads;
}

int threads() {
  return worker_threads;
}

double cpu_seconds_of_work() {
  return cpu_seconds_of_thread() + cpu_seconds_of_helpers;
}

void own_process() {
  static const OneBlasThread until_the_end;
  at::set_num_threads(1);
  at::globalContext().setFlushDenormal(true);
}

void parallel_for(int64_t n, const std::function<void(int64_t)>& work) {
  const OneTorchThread one_torch_thread;
  const OneBlasThread one_blas_thread;
  const DenormalsAsZero denormals_as_zero;
  const int available = threads_of_worker > 0 ? threads_of_worker : worker_threads;
  const auto workers = static_cast<int>(std::clamp<int64_t>(n, 1, available));
  std::atomic<int64_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  int64_t failed_index = n;
  std::exception_ptr failure;
  const auto worker = [&] {
    const WorkerThreads own_part(available / workers);
    while (!stop) {  // asked before an index is taken, so that every index below a failed one runs
      const int64_t index = next++;
      if (index >= n) return;
      try {
        work(index);
      } catch (...) {
        const std::lock_guard lock(mutex);
        stop = true;
        if (index < failed_index) failed_index = index, failure = std::current_exception();
      }
    }
  };
  double helped = 0;
  const auto helper = [&] {
    worker();
    const std::lock_guard lock(mutex);
    helped += cpu_seconds_of_work();
  };
  std::vector<std::jthread> others;
  try {
    for (int i = 1; i < workers; ++i) others.emplace_back(helper);
  } catch (const std::system_error&) {  // the system gives no more threads: those there are suffice
  }
  worker();
  others.clear();  // joins
  cpu_seconds_of_helpers += helped;
  if (failure) std::rethrow_exception(failure);
}

}  // namespace assay::interp
