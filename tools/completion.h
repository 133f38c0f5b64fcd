#pragma once
// Scripts that complete commands, options and the values that are known, made from the options.

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace assay::tools {

/// The shells that completion_script() knows.
std::vector<std::string> completed_shells();

/// The script that makes a shell complete `assay`. It knows no more than the tree of commands, so
/// it needs no run of the command while one types.
/// @param shell  one of completed_shells().
std::string completion_script(const CLI::App& assay, const std::string& shell);

}  // namespace assay::tools
