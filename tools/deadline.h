#pragma once
// A flag that becomes true when time is up or the run is interrupted.

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "tools/interrupt.h"

namespace assay::tools {

class Deadline {
 public:
  /// @param seconds  none: only an interrupt ends the run.
  explicit Deadline(std::optional<double> seconds)
      : interrupted_(watch_interrupts()),
        end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(seconds.value_or(0)))),
        limited_(seconds.has_value()),
        watcher_([this](const std::stop_token& done) { watch(done); }) {}

  const std::atomic<bool>* over() const { return &over_; }
  bool time_is_up() const { return limited_ && Clock::now() >= end_; }

 private:
  using Clock = std::chrono::steady_clock;
  void watch(const std::stop_token& done) {
    while (!done.stop_requested() && !over_) {
      over_ = interrupted_ || time_is_up();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const std::atomic<bool>& interrupted_;
  Clock::time_point end_;
  bool limited_;
  std::atomic<bool> over_ = false;
  std::jthread watcher_;  // the last member: it ends before the others do
};

}  // namespace assay::tools
