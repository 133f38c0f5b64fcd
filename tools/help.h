#pragma once
// How `--help` reads: what must be given stands in the usage line, lines fit the terminal. The
// manual pages (manual.cpp) are made from the same text.

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>
#include <string>

namespace assay::tools {

class Help : public CLI::Formatter {
 public:
  Help();
  /// `assay validate --model FILE … [OPTIONS]`, as one line.
  std::string usage(const CLI::App& app) const;
  /// What an option is for, and whether it must be given or what it is by default.
  std::string described(const CLI::Option& option) const;

  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
  /// Lines are wrapped, but for indented ones: examples and lists stay as they are.
  std::string make_footer(const CLI::App* app) const override;
};

}  // namespace assay::tools
