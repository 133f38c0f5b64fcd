#pragma once
// JSON from files that may hold anything. What is returned is nested no deeper than kJsonDepth, so
// that copying, printing and destroying it cannot exhaust the stack; it holds no key twice in one
// object, only valid UTF-8 and only finite numbers. What its fields must be is for json_shape.h.

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace assay::interp {

inline constexpr size_t kJsonDepth = 128;         ///< of lists and objects inside each other
inline constexpr size_t kJsonBytes = 1ull << 29;  ///< 512 MiB: the longest file that is read

/// The bare words NaN, Infinity and -Infinity, which are no JSON but which Python's json writes.
enum class BareWords {
  Refused,
  AsTexts  ///< read as the texts "NaN", "Infinity" and "-Infinity"
};

/// @param what  names the text in errors.
/// @throws std::runtime_error in one line, "WHAT: reason": what is no JSON (with line and column),
///   a key that stands twice in one object and nesting that is too deep (with the field).
nlohmann::ordered_json parse_json(std::string_view text, const std::string& what,
                                  BareWords words = BareWords::Refused);

/// parse_json() of a regular file, which names it. @throws std::runtime_error as read_file(), too.
nlohmann::ordered_json read_json(const std::filesystem::path& path,
                                 BareWords words = BareWords::Refused);

}  // namespace assay::interp
