#pragma once
// Parts of one run, and what comes of them: what an entry of record_kinds() is given by `assay
// merge`, and what it gives back.

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "tools/options.h"
#include "tools/parts.h"
#include "tools/streams.h"
#include "tools/summaries.h"

namespace assay::tools {

struct Merging {
  std::vector<NamedRecord> parts;  ///< at least one, all of the entry's kind
  const Session& session;
  std::filesystem::path out = {};  ///< of a discovery: where its circuit goes
  SummaryOptions summaries = {};   ///< of a validation
  bool quiet = false;
};

struct Merged {
  nlohmann::ordered_json record;  ///< of the whole run, as one run would have written it
  /// What is left to do once that is written. @return the exit code.
  std::function<int()> conclude = [] { return kDone; };
};

}  // namespace assay::tools
