#pragma once
// The one way in which files are written.

#include <filesystem>
#include <string>
#include <string_view>

#include "interp/files/sha256.h"

namespace assay::interp {

/// Where the bytes written to a path go.
struct Destination {
  /// The file that is replaced: `path` itself or, where `path` is a symbolic link, what the link
  /// leads to. The link stays.
  std::filesystem::path file;
  /// Nothing is replaced, bytes are written to what is there: a device, a pipe, or the file that
  /// standard output or standard error is redirected to.
  bool in_place = false;
};
/// @throws std::runtime_error if the path leads nowhere, such as through a file.
Destination destination_of(const std::filesystem::path& path);

/// Writes a file that replaces the one at a path when it is complete. Until then, and whatever
/// fails, the former file stays as it is. Its permissions stay (and its owner, where the system
/// allows that); a new file has those that the umask leaves. Where nothing is replaced (see
/// Destination), bytes arrive as they are written.
class FileWriter {
 public:
  /// Opens a temporary file beside the one that is to be replaced.
  /// @throws std::runtime_error naming the path and the system's reason, here and in all that
  ///   follows.
  explicit FileWriter(const std::filesystem::path& path);
  ~FileWriter();  ///< removes what was not put in place
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const Destination& destination() const { return destination_; }

  void write(std::string_view bytes);
  /// SHA-256, in lower-case hex, of everything that was written. Called once, after the last write.
  std::string sha256() { return hash_.hex(); }
  /// Waits until the bytes are on the disk. Nothing is written afterwards.
  void finish();
  /// Replaces the former file. Finishes first, if that was not done. Called once.
  void put_in_place();

 private:
  void open_in_place();
  void open_temporary();

  std::filesystem::path path_, temporary_;  // no temporary: nothing is to be put in place
  Destination destination_;
  int file_ = -1;
  bool finished_ = false;
  Sha256 hash_;
};

/// @throws std::runtime_error if no file could be written at `path`, with the system's reason. A
///   pipe or device is not opened for that: somebody may be waiting for it to close.
void require_writable(const std::filesystem::path& path);

/// Removes the temporary files that processes killed while writing have left in a folder. Those
/// still being written to stay, as does everything whose name only resembles them.
void remove_stale_temporaries(const std::filesystem::path& folder);

}  // namespace assay::interp
