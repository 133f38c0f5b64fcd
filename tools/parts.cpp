#include "tools/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "interp/files/fields.h"
#include "interp/files/json_difference.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

interp::Shard shard_of(const ordered_json& record) {
  return {record.at("shard").at("index"), record.at("shard").at("of")};
}

void require_part(const NamedRecord& part, const std::string& list) {
  namespace shapes = interp::json_shapes;
  static const interp::Shape count = shapes::integer(1, interp::kMostCounted);
  const auto& [name, record] = part;
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument(fmt::format("{}: {}", name, what));
  };
  require(record.contains("shard"), "the record of a whole run, not of a part of one (--shard)");
  const interp::Shape shape = shapes::object(
      {{"shard", shapes::object({{"index", count}, {"of", count}, {"items", count}})},
       shapes::optional("partial", shapes::boolean()),
       {list, shapes::list(shapes::anything())}});
  if (const auto problem = interp::mismatch(record, shape)) require(false, *problem);
  require(!record.value("partial", false),
          "this part was interrupted; let it go on with --resume first");
  const interp::Shard shard = shard_of(record);
  require(!shard.is_whole(), "the only part of its run, so that there is nothing to merge");
  require(shard.index <= shard.of, fmt::format("part {} of {}", shard.index, shard.of));
  const int64_t items = record["shard"]["items"];
  const int64_t expected = about(name, [&] { return range_of(shard, items, 1).count; });
  require(std::ssize(record[list]) == expected,
          fmt::format("field '{}': part {} of {} has {} of them, found {}", list, shard.index,
                      shard.of, expected, record[list].size()));
}

/// In what parts of one run are equal.
ordered_json asked_of(ordered_json record, const std::string& list,
                      const std::vector<std::string>& facts) {
  record["shard"].erase("index");
  record.erase(list);
  for (const std::string& fact : facts) record.erase(fact);
  return record;
}

}  // namespace

ordered_json shard_member(const interp::Shard& shard, int64_t items, ordered_json asked) {
  ordered_json member = {{"index", shard.index}, {"of", shard.of}, {"items", items}};
  member.update(asked);
  return member;
}

ordered_json joined_parts(std::vector<NamedRecord> parts, const std::string& list,
                          const std::vector<std::string>& facts) {
  for (const NamedRecord& part : parts) require_part(part, list);
  const ordered_json first = asked_of(parts.at(0).record, list, facts);
  std::vector<interp::NamedShard> shards;
  for (const NamedRecord& part : parts) {
    if (const auto difference = interp::first_difference(first, asked_of(part.record, list, facts)))
      throw std::invalid_argument(fmt::format("{} and {} are not of one run: {}",
                                              parts.front().name, part.name, *difference));
    shards.push_back({part.name, shard_of(part.record)});
  }
  require_each_once(shards);
  std::ranges::sort(parts, {}, [](const NamedRecord& part) { return shard_of(part.record).index; });
  ordered_json whole = parts.front().record;
  whole.erase("shard");
  for (auto part = parts.begin() + 1; part != parts.end(); ++part)
    for (ordered_json& item : part->record[list]) whole[list].push_back(std::move(item));
  return whole;
}

}  // namespace assay::tools
