#pragma once
// The inputs of a comparison, with what its task knows of them.

#include <map>
#include <string>
#include <vector>

#include "tools/page/run.h"

namespace assay::tools::page {

struct KnownInput {
  interp::attribution::Sequence tokens;
  std::vector<interp::attribution::Feature> features;
  std::vector<tasks::Relevance> relevances;  ///< none where the network's answer is wrong
};

/// @param input  one of the report's. @throws std::invalid_argument if it is none of the task's.
KnownInput known_input(const Run& run, const Json& input);

/// What the relevances of all inputs are, in words, by name.
std::map<std::string, std::string> help_of_relevances(const Run& run);

}  // namespace assay::tools::page
