#include "interp/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <system_error>

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
  const std::unique_ptr<const int, void (*)(const int*)> closer(&file,
                                                                [](const int* fd) { close(*fd); });
  if (source == Source::RegularFile) require_regular(file, path);
  std::string buffer(1 << 20, '\0');
  ssize_t length = 0;
  while ((length = read(file, buffer.data(), buffer.size())) > 0) {
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

/// @return 0, or the system's reason why the bytes of a file or folder are not known to be on disk.
int sync(const fs::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const int error = fsync(file) == 0 ? 0 : errno;
  close(file);
  return error;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// A name that no other writer uses, in the same folder: renaming cannot cross file systems.
fs::path temporary_beside(const fs::path& path) {
  std::random_device random;
  return folder_of(path) /
         fmt::format(".{}.{:08x}{:08x}.tmp", path.filename().string(), random(), random());
}

class Sha256 {
 public:
  Sha256() {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) refuse();
  }
  void add(std::string_view bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) refuse();
  }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), &length) != 1) refuse();
    std::string text;
    for (unsigned int i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  [[noreturn]] static void refuse() { throw std::runtime_error("OpenSSL: SHA-256 failed"); }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free};
};

}  // namespace

std::string read_file(const fs::path& path, size_t at_most) {
  return read_at_most(path, Source::RegularFile, at_most);
}

std::string read_stream(const fs::path& path, size_t at_most) {
  return read_at_most(path, Source::Any, at_most);
}

void write_atomically(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  const fs::path temporary = temporary_beside(path);
  try {
    write(temporary);
    if (const int error = sync(temporary)) fail_with(path, "cannot sync", error);
    if (rename(temporary.c_str(), path.c_str()) != 0) fail_with(path, "cannot replace", errno);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
  // The new content is in place; a file system that cannot sync folders is no reason to say no.
  sync(folder_of(path));
}

void write_file(const fs::path& path, std::string_view content) {
  write_atomically(path, [&](const fs::path& temporary) {
    errno = 0;
    std::ofstream file(temporary, std::ios::binary);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) fail_with(path, "cannot write", errno);
  });
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
