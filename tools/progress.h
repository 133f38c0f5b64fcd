#pragma once
// How far a long computation is, on standard error.

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace assay::tools {

/// On a terminal one line, rewritten at most ten times a second and wiped at the end; in a pipe a
/// line about every ten seconds; nothing if quiet; in a host (host.h) what count() says, to it. May
/// be called from several threads.
class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows what `text` returns, if it is time to.
  void show(const std::function<std::string()>& text);
  /// `done` of `of`, with rate and time left.
  void count(int64_t done, int64_t of, const std::string& what);

 private:
  bool is_time();

  using Clock = std::chrono::steady_clock;
  bool quiet_, terminal_;
  Clock::time_point start_ = Clock::now(), next_;
  bool line_open_ = false;
  std::mutex mutex_;
};

}  // namespace assay::tools
