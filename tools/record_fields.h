#pragma once
// What records of all kinds share, in JSON, member by member (interp/files/fields.h): how each
// begins, and how it names a task and the files that it is about.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "axioms/report_fields.h"
#include "interp/files/fields.h"
#include "tools/records.h"

namespace assay::tools {

/// What every record begins with.
struct RecordHead {
  std::string kind;
  int64_t schema = 0;
  std::string command, version;
  std::vector<axioms::Source> loaded;
};

template <class V>
void fields(V& v, RecordHead& head) {
  v("kind", head.kind, "what it is");
  v("schema", head.schema, "version of this form");
  v("command", head.command, "the command line");
  v("version", head.version, "of assay");
  v.if_any("loaded", head.loaded, "shared objects that brought tasks, operations, … (--load)");
}

/// A file that a record is about, with the line for people that the file has of itself.
struct TitledSource {
  axioms::Source file;
  std::string title;
};

template <class V>
void fields(V& v, TitledSource& source) {
  fields(v, source.file);
  v("title", source.title, "its title");
}

/// Name and settings of a task, as `Task::to_json()` gives them.
inline interp::Shape task_shape() {
  namespace shapes = interp::json_shapes;
  return shapes::object({{"name", shapes::text()}, {"settings", shapes::map(shapes::anything())}});
}

/// A member that is null where it is empty, in place of being left out.
template <class V, typename T>
void or_null(V& v, const char* name, std::optional<T>& member, const char* help,
             const interp::Shape& shape = interp::shape_of<T>()) {
  v.through(
      name, member,
      [](const std::optional<T>& value) {
        return value ? interp::write_record(*value) : nlohmann::ordered_json();
      },
      [](const nlohmann::ordered_json& json) {
        return json.is_null() ? std::nullopt : std::optional<T>(interp::read_checked<T>(json));
      },
      interp::json_shapes::nullable(shape), help);
}

/// A whole record: the head of its kind, and behind it the members of `record`.
template <interp::Record T>
nlohmann::ordered_json report_of(const std::string& kind, const T& record) {
  nlohmann::ordered_json report = report_head(kind);
  report.update(interp::write_record(record));
  return report;
}

}  // namespace assay::tools
