#include "tools/network_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>

#include "tools/brief.h"
#include "tools/choices.h"
#include "tools/table.h"
#include "tools/terminal.h"

namespace assay::tools {

void add_network_options(CLI::App& app, nlohmann::json& stated) {
  for (const interp::Question& question : interp::questions()) {
    std::string option = "--" + question.name;
    std::ranges::replace(option, '_', '-');
    const auto keep = [&stated, name = question.name](const nlohmann::json& value) {
      stated[name] = value;
    };
    if (question.runs.empty()) {
      app.add_option_function<double>(option, keep, question.about)->type_name("NUMBER");
    } else {
      const std::string words = fmt::format("{}", fmt::join(question.runs, ", "));
      choices(app.add_option_function<std::string>(option, keep,
                                                   fmt::format("{}: {}", question.about, words))
                  ->type_name("NAME"),
              question.runs);
    }
  }
}

void print_settings(const std::vector<interp::Setting>& settings, const Console& console) {
  Table table({{"setting", Align::Left}, {"value", Align::Left}, {"taken from", Align::Left}});
  for (const auto& [name, value, source] : settings) {
    table.add_row({{name}, {value.is_number() ? value.dump() : brief(value)}, {source}});
  }
  console.line(table.to_string(console.colour()));
}

}  // namespace assay::tools
