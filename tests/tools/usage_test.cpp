#include "tools/usage.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>

namespace assay::tools {
namespace usage_test {

/// `cook bake --heat N`, `cook fry TASK`; why a command line is refused.
std::string refusal(std::vector<std::string> arguments) {
  CLI::App app("", "cook");
  app.require_subcommand(1);
  int heat = 0;
  std::string meal;
  CLI::App* bake = app.add_subcommand("bake");
  bake->add_option("--heat", heat)->required();
  bake->add_option("MEAL", meal);
  CLI::App* fry = app.add_subcommand("fry");
  fry->require_subcommand(1);
  fry->add_subcommand("eggs")->add_option("--pan", meal)->required();
  try {
    std::ranges::reverse(arguments);  // as CLI11 takes them
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error);
  }
  return "";
}

TEST(Usage, NamesAnUnknownCommandAndTheOneThatWasMeant) {
  EXPECT_EQ(refusal({"bkae", "--heat", "3"}), "unknown command 'bkae'; did you mean 'bake'?");
  EXPECT_EQ(refusal({"sing"}), "unknown command 'sing'; there are bake, fry");
  EXPECT_EQ(refusal({}), "expected a command; there are bake, fry");
}

TEST(Usage, NamesAnUnknownTaskLikewise) {
  EXPECT_EQ(refusal({"fry", "egsg", "--pan", "x"}), "unknown task 'egsg'; did you mean 'eggs'?");
  EXPECT_EQ(refusal({"fry", "--pan", "x", "eggs"}), "unknown option --pan; see cook fry --help");
  EXPECT_EQ(refusal({"fry"}), "expected a task; there are eggs");
}

TEST(Usage, NamesAnUnknownOptionBeforeWhatIsMissing) {
  EXPECT_EQ(refusal({"bake", "--haet", "3"}), "unknown option --haet; did you mean --heat?");
  EXPECT_EQ(refusal({"bake", "--nosuch=3"}), "unknown option --nosuch; see cook bake --help");
  EXPECT_EQ(refusal({"fry", "eggs", "--pen", "x"}), "unknown option --pen; did you mean --pan?");
  EXPECT_EQ(refusal({"--heat", "3", "bake"}), "unknown option --heat; see cook --help");
  EXPECT_EQ(refusal({"bake"}), "--heat is required");
}

TEST(Usage, NamesAnArgumentTooMany) {
  EXPECT_EQ(refusal({"bake", "--heat", "3", "cake", "tart"}),
            "unexpected argument 'tart'; see cook bake --help");
}

}  // namespace usage_test
}  // namespace assay::tools
