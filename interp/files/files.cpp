#include "interp/files/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "interp/files/file_writer.h"
#include "interp/files/sha256.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_with(const fs::path& path, std::string_view what, int error) {
  throw std::runtime_error(
      fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(error)));
}

enum class Source { RegularFile, Any };

void require_regular(int file, const fs::path& path) {
  struct stat found {};
  if (fstat(file, &found) != 0) fail_with(path, "cannot read", errno);
  if (S_ISDIR(found.st_mode)) fail_with(path, "cannot read", EISDIR);
  if (!S_ISREG(found.st_mode))
    throw std::runtime_error(fmt::format("{}: expected a regular file, found a {}", path.string(),
                                         S_ISFIFO(found.st_mode) ? "pipe" : "device"));
}

/// Calls `use` with successive pieces of the file. Plain read(2), because it tells why it fails.
template <typename Use>
void for_each_piece(const fs::path& path, Source source, const Use& use) {
  // Not to wait for somebody who writes into a pipe, where a pipe is refused anyway.
  const int wait = source == Source::RegularFile ? O_NONBLOCK : 0;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | wait);
  if (file < 0) fail_with(path, "cannot open", errno);
  const std::unique_ptr<const int, void (*)(const int*)> closer(
      &file, [](const int* fd) { ::close(*fd); });
  if (source == Source::RegularFile) require_regular(file, path);
  std::string buffer(1 << 20, '\0');
  ssize_t length = 0;
  while ((length = ::read(file, buffer.data(), buffer.size())) > 0) {
    use(std::string_view(buffer.data(), length));
  }
  if (length < 0) fail_with(path, "cannot read", errno);
}

std::string read_at_most(const fs::path& path, Source source, size_t at_most) {
  std::string content;
  for_each_piece(path, source, [&](std::string_view piece) {
    if (piece.size() > at_most - content.size())
      throw std::runtime_error(fmt::format("{}: more than {} MiB, which is the most that is read",
                                           path.string(), at_most >> 20));
    content += piece;
  });
  return content;
}

}  // namespace

std::string read_file(const fs::path& path, size_t at_most) {
  return read_at_most(path, Source::RegularFile, at_most);
}

std::string read_stream(const fs::path& path, size_t at_most) {
  return read_at_most(path, Source::Any, at_most);
}

void write_file(const fs::path& path, std::string_view content) {
  FileWriter file(path);
  file.write(content);
  file.put_in_place();
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

std::string sha256_of_file(const fs::path& path) {
  Sha256 hash;
  for_each_piece(path, Source::RegularFile, [&](std::string_view piece) { hash.add(piece); });
  return hash.hex();
}

}  // namespace assay::interp
