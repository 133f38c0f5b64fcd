#pragma once
// `--html FILE` of the subcommands whose report can be looked at.

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tools/options.h"

namespace assay::tools {

struct PageOption {
  std::filesystem::path file;  ///< empty: no page
};

void add_page_option(CLI::App& app, PageOption& option);

/// Before the work begins. @throws std::runtime_error if the page could not be written.
void require_writable(const PageOption& option);

/// The page about a report that was just made, if one was asked for.
void write_page(const PageOption& option, const CommonOptions& common,
                const nlohmann::ordered_json& report, const Console& console);

}  // namespace assay::tools
