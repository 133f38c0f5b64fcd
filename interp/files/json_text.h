#pragma once
// JSON as text. What the user names, paths above all, may hold bytes that are no UTF-8; they are
// shown as U+FFFD, where nlohmann's dump() would throw and lose what is to be written.

#include <nlohmann/json.hpp>
#include <string>

namespace assay::interp {

/// @param indent  blanks per level; -1: everything in one line.
template <typename Json>
std::string json_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// The text, with U+FFFD for what is no UTF-8.
inline std::string valid_utf8(const std::string& text) {
  return nlohmann::json::parse(json_text(nlohmann::json(text))).get<std::string>();
}

}  // namespace assay::interp
