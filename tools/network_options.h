#pragma once
// What a person says of a network by options, where its file leaves it open.

#include <nlohmann/json.hpp>
#include <vector>

#include "interp/adapters/settings.h"

namespace CLI {
class App;
}

namespace assay::tools {

class Console;

/// Adds an option per question of interp/adapters/settings.h, which goes into `stated`.
void add_network_options(CLI::App& app, nlohmann::json& stated);

/// The table of settings: value, and where it was taken from.
void print_settings(const std::vector<interp::Setting>& settings, const Console& console);

}  // namespace assay::tools
