#pragma once
// Whole files, written all or not at all.

#include <filesystem>
#include <string>
#include <string_view>

namespace assay::interp {

/// The file's bytes. @throws std::runtime_error naming the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

/// Replaces the file at `path`, or writes to the device or pipe that stands there: FileWriter.
void write_file(const std::filesystem::path& path, std::string_view content);

/// SHA-256 in lower-case hex, of bytes or of a file's content.
std::string sha256(std::string_view bytes);
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace assay::interp
