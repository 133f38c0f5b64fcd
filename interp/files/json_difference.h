#pragma once
// Where two JSON values part.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace assay::interp {

/// The first place at which they differ, with what stands there: `data.seed is 1 in the one and 2
/// in the other`. Nothing if they are equal.
std::optional<std::string> first_difference(const nlohmann::ordered_json& one,
                                            const nlohmann::ordered_json& other);

}  // namespace assay::interp
