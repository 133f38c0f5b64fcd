#include "interp/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "interp/file_writer.h"
#include "interp/sha256.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_with(const fs::path& path, std::string_view what, int error) {
  throw std::runtime_error(
      fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(error)));
}

/// Calls `use` with successive pieces of the file. Plain read(2), because it tells why it fails.
template <typename Use>
void for_each_piece(const fs::path& path, const Use& use) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail_with(path, "cannot open", errno);
  const std::unique_ptr<const int, void (*)(const int*)> closer(&file,
                                                                [](const int* fd) { close(*fd); });
  std::string buffer(1 << 20, '\0');
  ssize_t length = 0;
  while ((length = read(file, buffer.data(), buffer.size())) > 0) {
    use(std::string_view(buffer.data(), length));
  }
  if (length < 0) fail_with(path, "cannot read", errno);
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::string content;
  for_each_piece(path, [&](std::string_view piece) { content += piece; });
  return content;
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
  for_each_piece(path, [&](std::string_view piece) { hash.add(piece); });
  return hash.hex();
}

}  // namespace assay::interp
