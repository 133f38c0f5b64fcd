#include "tools/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace assay::tools {
namespace {

[[noreturn]] void fail_to_lock(const std::filesystem::path& path, int error) {
  throw std::runtime_error(
      fmt::format("{}: cannot lock: {}", path.string(), std::generic_category().message(error)));
}

/// Which process wrote itself into the lock file.
std::string holder_of(int file) {
  std::array<char, 32> text{};
  const ssize_t length = pread(file, text.data(), text.size(), 0);
  return length > 0 ? fmt::format("process {}", std::string(text.data(), length))
                    : "another process";  // which has not come to writing yet
}

/// Whether the file is still what its path leads to.
bool is_at(int file, const std::filesystem::path& path) {
  struct stat opened {
  }, named{};
  return fstat(file, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

RunLock::RunLock(std::filesystem::path file) : path_(std::move(file)) {
  while (true) {
    file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) fail_to_lock(path_, errno);
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      const std::string holder = holder_of(file_);
      close(file_);
      if (error != EWOULDBLOCK) fail_to_lock(path_, error);
      throw std::runtime_error(fmt::format("{}: {} is at work here; two runs cannot share a folder",
                                           path_.parent_path().string(), holder));
    }
    if (is_at(file_, path_)) break;  // else its last holder has just removed it: make another
    close(file_);
  }
  const std::string self = std::to_string(getpid());
  if (ftruncate(file_, 0) != 0 || pwrite(file_, self.data(), self.size(), 0) < 0) {
    const int error = errno;
    unlink(path_.c_str());
    close(file_);
    fail_to_lock(path_, error);
  }
}

RunLock::~RunLock() {
  unlink(path_.c_str());  // before it lets go, so that nobody locks a file that then disappears
  close(file_);
}

}  // namespace assay::tools
