#pragma once
// Whole files, written all or not at all.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace assay::interp {

/// The bytes of a regular file. @throws std::runtime_error naming the path and the system's reason,
///   and for pipes, devices and files of more than `at_most` bytes.
std::string read_file(const std::filesystem::path& path, size_t at_most = size_t{1} << 32);
/// The bytes of whatever gives some and comes to an end: a pipe or standard input, too.
/// @throws std::runtime_error as read_file().
std::string read_stream(const std::filesystem::path& path, size_t at_most);

/// Replaces the file at `path`, or writes to the device or pipe that stands there: FileWriter.
void write_file(const std::filesystem::path& path, std::string_view content);

/// SHA-256 in lower-case hex, of bytes or of a file's content.
std::string sha256(std::string_view bytes);
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace assay::interp
