#pragma once
// Records whose items (inputs explained, mutations tried) were made in parts. Items know nothing of
// each other, so parts are put together by putting their lists in a row. What sums over inputs has
// its own way (axioms/merge.h).

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "interp/execution/shards.h"

namespace assay::tools {

struct NamedRecord {
  std::string name;  ///< of its file, for messages
  nlohmann::ordered_json record;
};

/// Runs `work`, whose exceptions are about what stands in this file, and names the file in them.
template <typename Work>
auto about(const std::string& file, const Work& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    throw std::invalid_argument(fmt::format("{}: {}", file, error.what()));
  }
}

/// The member `shard` of a part: index, of, and the items of the whole run.
/// @param asked  what parts must agree in beside the record's own members.
nlohmann::ordered_json shard_member(
    const interp::Shard& shard, int64_t items,
    nlohmann::ordered_json asked = nlohmann::ordered_json::object());

/// The record of the whole run, in which the items of all parts stand in order.
/// @param list  the member that holds the items.
/// @param facts  members in which parts of one run may differ; those of the first part are kept.
/// @throws std::invalid_argument naming the files: records of a whole run, interrupted ones, other
///   numbers of items than the part has, parts that differ in anything else, missing and doubled
///   parts.
nlohmann::ordered_json joined_parts(std::vector<NamedRecord> parts, const std::string& list,
                                    const std::vector<std::string>& facts);

}  // namespace assay::tools
