#include "tools/page_option.h"

#include <CLI/CLI.hpp>

#include "tools/page/sections.h"

namespace assay::tools {

void add_page_option(CLI::App& app, PageOption& option) {
  app.add_option("--html", option.file, "write a report page")->type_name("FILE");
}

void require_writable(const PageOption& option) {
  if (!option.file.empty()) require_writable(option.file);
}

void write_page(const PageOption& option, const CommonOptions& common,
                const nlohmann::ordered_json& report, const Console& console) {
  if (option.file.empty()) return;
  page::write_page({page::make_run(report, common.json)}, option.file);
  console.fact("page", option.file.string());
}

}  // namespace assay::tools
