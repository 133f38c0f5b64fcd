#pragma once
// Two files that belong together, data and an index that names the SHA-256 of the data, replaced as
// a pair or not at all. No system call replaces two files at once. So the former data stay beside
// the new ones, under a name made from their hash, until the index is in place; whoever reads finds
// the data that the index names, wherever the process that wrote them was killed.

#include <filesystem>
#include <string>

#include "interp/files/file_writer.h"

namespace assay::interp {

/// Puts both in place. @throws std::runtime_error as FileWriter does; the former pair is back then.
void put_pair_in_place(FileWriter& data, FileWriter& index);

/// @return the file that holds the data with this hash: `data`, or its former version. `data` if
///   neither does.
std::filesystem::path data_of_pair(const std::filesystem::path& data, const std::string& sha256);

}  // namespace assay::interp
