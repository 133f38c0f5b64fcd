#pragma once
// What there is to choose among, in JSON, member by member (interp/files/fields.h).

#include <string>
#include <utility>
#include <vector>

#include "tools/record_fields.h"

namespace assay::tools {

struct ListedEntry {
  std::string name, help, origin;
};

/// By what they are (`tasks`, `metrics`, …).
struct ListRecord {
  std::vector<std::pair<std::string, std::vector<ListedEntry>>> entries;
};

template <class V>
void fields(V& v, ListedEntry& entry) {
  v("name", entry.name, "as options take it");
  v("help", entry.help, "what it is");
  v("origin", entry.origin, "the shared object that brought it; empty: Assay itself");
}

template <class V>
void fields(V& v, ListRecord& record) {
  interp::by_name(v, "entries", record.entries, "by what they are: `tasks`, `metrics`, …");
}

}  // namespace assay::tools
