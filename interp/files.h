#pragma once
// Whole files, written all or not at all.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace assay::interp {

/// The file's bytes. @throws std::runtime_error naming the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

/// Calls `write` with a temporary path beside `path`, syncs it and renames it onto `path`.
/// Whatever fails, `path` keeps its former content and the temporary file is removed.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path& temporary)>& write);
void write_file(const std::filesystem::path& path, std::string_view content);

/// SHA-256 in lower-case hex, of bytes or of a file's content.
std::string sha256(std::string_view bytes);
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace assay::interp
