#pragma once
// The command line as data: commands, options and their help, apart from what they do. Help, manual
// and completion of a tree that was read again are those of the original, byte for byte.

#include <CLI/App.hpp>
#include <memory>
#include <nlohmann/json.hpp>

namespace assay::tools {

/// Of a command and all its subcommands:
///   {"name", "help", "group", "footer",
///    "options": [{"name": "-h,--help", "help", "group", "type", "default", "required",
///                 "values": [least, most]}],   values: 0 for a switch
///    "commands": […]}
nlohmann::ordered_json command_tree(const CLI::App& app);

/// A command that describes itself as the one that the tree was made of, and does nothing.
/// @throws nlohmann::json::exception if it is no such tree.
std::unique_ptr<CLI::App> app_of(const nlohmann::ordered_json& tree);

}  // namespace assay::tools
