#pragma once
// That one process alone works in a folder.

#include <filesystem>

namespace assay::tools {

/// A lock file, held while this lives and removed then. The system lets go of it when the process
/// ends, however it ends; a file that a killed process left behind is in nobody's way.
class RunLock {
 public:
  /// @throws std::runtime_error if another process holds it, naming that process, and if the file
  ///   cannot be made.
  explicit RunLock(std::filesystem::path file);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace assay::tools
