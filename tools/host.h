#pragma once
// The command as a function of another program, such as Python's interpreter (tools/python). There
// the process with its threads, signals and streams belongs to that program, which says here what
// takes their place.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace assay::tools {

struct Host {
  std::string command;                             ///< what records name as the command line
  const std::atomic<bool>* interrupted = nullptr;  ///< set when its user asks to stop
  /// Takes what would go to standard output, and warnings. Lines, without their line feeds.
  std::function<void(std::string_view line, bool is_warning)> print = {};
  /// Told how far a long computation is, at most ten times a second; from any thread.
  std::function<void(int64_t done, int64_t of, const std::string& what)> on_progress = {};
};

/// While this lives, commands run in that host. One at a time: a second one waits for the first.
class InHost {
 public:
  explicit InHost(Host host);
  ~InHost();
  InHost(const InHost&) = delete;
  InHost& operator=(const InHost&) = delete;
};

/// Null where the process is the command's own.
const Host* host();

}  // namespace assay::tools
