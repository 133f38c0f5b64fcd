#pragma once
// The kinds of records that commands write with --json. The first two members of a record say which
// kind it is and in which version of its form (`schema`), so that a reader guesses neither. The one
// exception are circuit files: their form is that of EAP-IG and MIB, and what Assay adds to it, the
// kind included, is in their member `assay`.

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "interp/registry.h"
#include "tools/page/record_page.h"

namespace assay::tools {

struct Merging;
struct Merged;

struct RecordKind {
  std::string name;                                  ///< `validation`
  int schema = 1;                                    ///< that this version writes and reads
  std::string command;                               ///< that writes it
  std::string help;                                  ///< what it holds
  std::optional<page::RecordPage> page = {};         ///< without: there is none about it
  std::function<Merged(const Merging&)> merge = {};  ///< of parts (merging.h); or there are none
  std::string instead = {};  ///< where there is no page: what shows the same, or what comes next
};

interp::Registry<RecordKind>& record_kinds();

/// @throws std::invalid_argument for an unknown name, with the nearest one.
const RecordKind& record_kind(const std::string& name);
/// `validation, comparison, …`: the kinds for which something holds.
std::string kinds_with(const std::function<bool(const RecordKind&)>& property);

/// The kind that a record states.
/// @throws std::invalid_argument if it states none (earlier versions did not) or one that does not
///   exist, and naming the schema if another version of Assay wrote the record.
const RecordKind& kind_of(const nlohmann::ordered_json& record);

/// @throws std::invalid_argument as kind_of(), and for a record of another kind than this one.
void require_kind(const nlohmann::ordered_json& record, const std::string& name);

/// A record from a file, of any kind or of this one.
/// @throws std::runtime_error naming the file: what is no JSON (json_reader.h), and as kind_of() or
///   require_kind().
nlohmann::ordered_json read_record(const std::filesystem::path& path);
nlohmann::ordered_json read_record(const std::filesystem::path& path, const std::string& kind);

/// What every record begins with: kind, schema, command, version.
nlohmann::ordered_json report_head(const std::string& kind);

}  // namespace assay::tools
