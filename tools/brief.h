#pragma once
// JSON values in few words, for people.

#include <nlohmann/json.hpp>
#include <string>

namespace assay::tools {

/// A number to four digits, a text without quotes, a long list of numbers as `34 numbers, 2.9 to
/// 4.1`, an object as `name value, name value`, anything else long cut short.
std::string brief(const nlohmann::json& value);

/// Where two values part: `[3] 1,7 | 2,7`, element by element, at most three of them.
std::string difference(const nlohmann::json& left, const nlohmann::json& right);

}  // namespace assay::tools
