#pragma once
// A command line that asks for what does not exist, answered by what does.

#include <CLI/App.hpp>
#include <string>

namespace assay::tools {

/// Why the command line was refused. What nothing took is named before what is missing: an option
/// misspelt is often why another one is.
/// @param app  the whole command, after it refused to parse.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace assay::tools
