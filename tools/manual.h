#pragma once
// Manual pages in roff, made from the options and the help.

#include <CLI/App.hpp>
#include <string>

namespace assay::tools {

/// The page of a command.
/// @param command  the name of one of assay's subcommands; empty: assay itself.
/// @throws CLI::OptionNotFound if there is no such command.
std::string manual_page(const CLI::App& assay, const std::string& command);

}  // namespace assay::tools
