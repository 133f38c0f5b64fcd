#include "interp/files/file_pair.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <system_error>

#include "interp/files/files.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormer = ".former";

std::string former_prefix(const fs::path& data) {
  return fmt::format(".{}.", data.filename().string());
}

fs::path former_version(const fs::path& data, const std::string& sha256) {
  return data.parent_path() / fmt::format("{}{:.16}{}", former_prefix(data), sha256, kFormer);
}

/// Left by processes that were killed, and named by no index any more.
void remove_former_versions(const fs::path& data) {
  const fs::path folder = data.has_parent_path() ? data.parent_path() : fs::path(".");
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(former_prefix(data)) && name.ends_with(kFormer))
      fs::remove(entry.path(), ignored);
  }
}

/// Gives the file a second name or, where file systems know no such thing, another one.
void keep_as(const fs::path& former, const fs::path& file) {
  std::error_code error;
  fs::create_hard_link(file, former, error);
  if (error && !fs::exists(former)) fs::rename(file, former);
}

/// Holds a folder against others that replace a pair in it; let go when the process ends.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : file_(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (file_ >= 0) flock(file_, LOCK_EX);
  }
  ~FolderLock() {
    if (file_ >= 0) close(file_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_;
};

}  // namespace

void put_pair_in_place(FileWriter& data, FileWriter& index) {
  data.finish();
  index.finish();
  if (data.destination().in_place || index.destination().in_place) {
    data.put_in_place();
    index.put_in_place();
    return;
  }
  const fs::path file = data.destination().file;
  const FolderLock lock(index.destination().file.parent_path());
  fs::path former;
  if (fs::exists(file)) {
    former = former_version(file, sha256_of_file(file));
    keep_as(former, file);
  }
  try {
    data.put_in_place();
    index.put_in_place();
  } catch (...) {
    std::error_code ignored;  // if this fails as well, data_of_pair() finds the former version
    if (former.empty()) {
      fs::remove(file, ignored);
    } else {
      fs::rename(former, file, ignored);
      if (!ignored) fs::remove(former, ignored);  // renaming leaves both names of one file
    }
    throw;
  }
  remove_former_versions(file);
}

fs::path data_of_pair(const fs::path& data, const std::string& sha256) {
  if (fs::exists(data) && sha256_of_file(data) == sha256) return data;
  const fs::path former = former_version(destination_of(data).file, sha256);
  return fs::exists(former) && sha256_of_file(former) == sha256 ? former : data;
}

}  // namespace assay::interp
