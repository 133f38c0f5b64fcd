#pragma once
// A command line that asks for what does not exist, answered by what does.

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace assay::tools {

/// The one of these that `word` most likely is a slip of: the fewest letters inserted, left out,
/// replaced or swapped with their neighbour, at most a third of the word's. Empty: none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& names);

/// Why the command line was refused. What nothing took is named before what is missing: an option
/// misspelt is often why another one is.
/// @param app  the whole command, after it refused to parse.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace assay::tools
