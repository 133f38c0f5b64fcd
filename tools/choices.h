#pragma once
// The names that an option chooses from, which its help, the manual and the shell's completion can
// read from the option itself.

#include <CLI/Option.hpp>
#include <string>
#include <vector>

namespace assay::tools {

/// Offers these names where the option is completed. Refuses no others: that is left to whoever
/// looks the name up and knows which one is nearest. CLI::IsMember offers its names as well, and
/// refuses others.
/// @return the option, for further calls.
CLI::Option* choices(CLI::Option* option, const std::vector<std::string>& names);

/// The names offered by choices() or CLI::IsMember; empty if there are none.
std::vector<std::string> choices_of(const CLI::Option& option);

}  // namespace assay::tools
