#include "interp/files/file_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace assay::interp {
namespace {

namespace fs = std::filesystem;
using FileStatus = struct stat;

constexpr std::string_view kTemporary = ".tmp";
constexpr size_t kRandomDigits = 16;

[[noreturn]] void fail_to_write(const fs::path& path, int error,
                                std::string_view what = "cannot write") {
  throw std::runtime_error(
      fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(error)));
}

std::optional<FileStatus> status_at(const fs::path& path) {
  FileStatus status{};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

std::optional<FileStatus> status_of(int file) {
  FileStatus status{};
  if (fstat(file, &status) != 0) return std::nullopt;
  return status;
}

bool same_file(const std::optional<FileStatus>& left, const std::optional<FileStatus>& right) {
  return left && right && left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

/// Standard output or standard error, if that is what stands at a path. The descriptor is used
/// then: a file would have to be opened at its beginning, and a socket cannot be opened.
std::optional<int> standard_stream_at(const fs::path& path) {
  const auto there = status_at(path);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    if (same_file(there, status_of(stream))) return stream;
  return std::nullopt;
}

/// Follows symbolic links, also one that leads to no file yet.
fs::path followed(fs::path path) {
  constexpr int kMostLinks = 40;  // as Linux
  for (int links = 0; links < kMostLinks; ++links) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    if (error) return path;
    path = path.parent_path() / target;  // the target alone, if it is absolute
  }
  fail_to_write(path, ELOOP);
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

void sync_folder(const fs::path& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  fsync(file);
  close(file);
}

/// A name that no other writer uses, in the same folder: renaming cannot cross file systems.
fs::path temporary_beside(const fs::path& path) {
  constexpr size_t kLongestName = 200;  // of the 255 bytes that file systems allow
  std::random_device random;
  return folder_of(path) / fmt::format(".{}.{:08x}{:08x}{}",
                                       path.filename().string().substr(0, kLongestName), random(),
                                       random(), kTemporary);
}

bool is_name_of_temporary(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kTemporary)) return false;
  name.remove_suffix(kTemporary.size());
  if (name.size() < kRandomDigits + 3) return false;  // ".x." and the digits
  const std::string_view digits = name.substr(name.size() - kRandomDigits);
  return name[name.size() - kRandomDigits - 1] == '.' &&
         digits.find_first_not_of("0123456789abcdef") == digits.npos;
}

/// Permissions first narrow, so that nobody reads in between what he could not read before.
void take_over(int file, const FileStatus& former) {
  if (fchown(file, former.st_uid, former.st_gid) != 0) {
    [[maybe_unused]] const int group_alone = fchown(file, static_cast<uid_t>(-1), former.st_gid);
  }
  fchmod(file, former.st_mode & 0777);
}

}  // namespace

Destination destination_of(const fs::path& path) {
  const auto there = status_at(path);
  if (!there && errno != ENOENT) fail_to_write(path, errno);
  if (standard_stream_at(path) || (there && !S_ISREG(there->st_mode)))
    return {.file = path, .in_place = true};
  const fs::path file = followed(path);
  // Links of /proc lead to files that may have another name by now, or none.
  if (there && !same_file(there, status_at(file))) return {.file = path, .in_place = true};
  return {.file = file};
}

FileWriter::FileWriter(const fs::path& path) : path_(path), destination_(destination_of(path)) {
  if (destination_.in_place) {
    open_in_place();
  } else {
    open_temporary();
  }
}

FileWriter::~FileWriter() {
  if (file_ >= 0) close(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void FileWriter::open_in_place() {
  std::fflush(stdout);  // what was printed before stands before, if both go to one place
  const auto stream = standard_stream_at(path_);
  file_ = stream ? fcntl(*stream, F_DUPFD_CLOEXEC, 3)
                 : open(path_.c_str(), O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC);
  if (file_ < 0) fail_to_write(path_, errno);
}

void FileWriter::open_temporary() {
  const fs::path& target = destination_.file;
  const auto former = status_at(target);
  if (former && faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0)
    fail_to_write(path_, errno);
  const mode_t mode = former ? former->st_mode & 0700 : 0666;
  do {
    if (file_ >= 0) close(file_);
    temporary_ = temporary_beside(target);
    file_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file_ < 0) {
      const int error = errno;
      temporary_.clear();
      fail_to_write(path_, error);
    }
    flock(file_, LOCK_EX);  // tells remove_stale_temporaries() that this one is in use …
  } while (access(temporary_.c_str(), F_OK) != 0);  // … unless that came first
  if (former) take_over(file_, *former);
}

void FileWriter::write(std::string_view bytes) {
  hash_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      fail_to_write(path_, errno);
    }
  }
}

void FileWriter::finish() {
  if (destination_.in_place || finished_) return;
  if (fsync(file_) != 0) fail_to_write(path_, errno, "cannot sync");
  finished_ = true;
}

void FileWriter::put_in_place() {
  finish();
  if (!destination_.in_place) {
    if (rename(temporary_.c_str(), destination_.file.c_str()) != 0)
      fail_to_write(path_, errno, "cannot replace");
    temporary_.clear();
    // The new content is in place; a file system that cannot sync folders is no reason to say no.
    sync_folder(folder_of(destination_.file));
  }
  // Not before, since its lock tells that the temporary file is in use.
  if (close(std::exchange(file_, -1)) != 0) fail_to_write(path_, errno);
}

void require_writable(const fs::path& path) {
  if (!destination_of(path).in_place) {
    const FileWriter trial(path);  // leaves nothing
    return;
  }
  if (fs::is_directory(path)) fail_to_write(path, EISDIR);
  if (!standard_stream_at(path) && faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0)
    fail_to_write(path, errno);
}

void remove_stale_temporaries(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!is_name_of_temporary(entry.path().filename().string())) continue;
    const int file = open(entry.path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) continue;
    const auto status = status_of(file);
    if (status && S_ISREG(status->st_mode) && flock(file, LOCK_EX | LOCK_NB) == 0)
      unlink(entry.path().c_str());
    close(file);
  }
}

}  // namespace assay::interp
