// The front answers what the library would, byte for byte, and leaves everything else to it.

#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"
#include "tools/assay.h"

namespace assay::tools {
namespace front_test {

using testing::HasSubstr;

/// What the library prints in this process for arguments without blanks.
std::string printed_by_library(const std::string& arguments) {
  std::istringstream stream("assay " + arguments);
  std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  testing::internal::CaptureStdout();
  EXPECT_EQ(assay_main(static_cast<int>(words.size()), argv.data()), 0) << arguments;
  return testing::internal::GetCapturedStdout();
}

nlohmann::json commands() {
  static const auto tree = nlohmann::json::parse(printed_by_library("manual --json"));
  return tree;
}

void for_each_command(const nlohmann::json& tree, const std::string& path,
                      const std::function<void(const std::string& path)>& look) {
  look(path);
  for (const nlohmann::json& nested : tree.at("commands"))
    for_each_command(nested, path + nested.at("name").get<std::string>() + " ", look);
}

class FrontTest : public interp::Scratch {
 protected:
  Finished front(const std::string& arguments, const std::string& before = "") {
    return run_assay(arguments, at(""), before);
  }
  /// The same by the command that has no front.
  Finished core(const std::string& arguments, const std::string& before = "") {
    return run_assay(arguments, at(""), before, ASSAY_CORE);
  }
  void expect_library_answer(const std::string& arguments) {
    const Finished run = front(arguments);
    EXPECT_EQ(run.code, 0) << arguments;
    EXPECT_EQ(run.out, printed_by_library(arguments)) << arguments;
    EXPECT_EQ(run.error, "") << arguments;
  }
};

TEST_F(FrontTest, TellsTheVersionAndTheHelpOfEveryCommand) {
  expect_library_answer("--version");
  int pages = 0;
  for_each_command(commands(), "", [&](const std::string& path) {
    expect_library_answer(path + "--help");
    expect_library_answer(path + "-h");
    ++pages;
  });
  EXPECT_GT(pages, 20);
}

TEST_F(FrontTest, WritesTheManualAndTheCompletionOfEveryShell) {
  expect_library_answer("manual");
  for (const nlohmann::json& command : commands().at("commands"))
    expect_library_answer("manual " + command.at("name").get<std::string>());
  for (const char* shell : {"bash", "zsh", "fish"}) {
    expect_library_answer(std::string("completion ") + shell);
  }
}

TEST_F(FrontTest, FitsItsHelpToTheTerminal) {
  const auto on_terminal = [&](const std::string& program, int columns) {
    return run_assay("-qec 'stty cols " + std::to_string(columns) + "; " + program +
                         " validate --help' /dev/null",
                     at(""), "", "script");
  };
  for (const int columns : {47, 160}) {
    const Finished by_front = on_terminal(ASSAY_BINARY, columns);
    EXPECT_EQ(by_front.out, on_terminal(ASSAY_CORE, columns).out);
    EXPECT_THAT(by_front.out, HasSubstr("--interpretation"));
  }
  EXPECT_NE(on_terminal(ASSAY_BINARY, 47).out, on_terminal(ASSAY_BINARY, 160).out);
}

/// Near to what the front knows, and not the same.
TEST_F(FrontTest, LeavesEverythingElseToTheLibrary) {
  for (const char* arguments :
       {"", "--version --help", "vaildate --help", "validate --nosuch --help", "train bow --help",
        "validate --threads x --help", "completion", "completion tcsh", "manual nosuch",
        "manual validate --json", "completion -- bash", "-h validate", "--load mine.so --help"}) {
    const Finished by_front = front(arguments), by_core = core(arguments);
    EXPECT_EQ(by_front.code, by_core.code) << arguments;
    EXPECT_EQ(by_front.out, by_core.out) << arguments;
    EXPECT_EQ(by_front.error, by_core.error) << arguments;
  }
}

TEST_F(FrontTest, LoadsLibTorchOnceOrNotAtAll) {
  const auto loads = [&](const std::string& arguments) {
    const std::string log = front(arguments, "export LD_DEBUG=files;").error;
    const std::string needle = "calling init: ";
    int count = 0;
    for (size_t at = 0; (at = log.find(needle, at)) != log.npos; ++at) {
      const std::string line = log.substr(at, log.find('\n', at) - at);
      if (line.find("/libtorch_cpu.so") != line.npos) ++count;
    }
    return count;
  };
  EXPECT_EQ(loads("--help"), 0);
  EXPECT_EQ(loads("train two-sat --help"), 0);
  EXPECT_EQ(loads("completion bash"), 0);
  EXPECT_EQ(loads("manual"), 0);
  EXPECT_EQ(loads("solve '( x0 x1 )'"), 1);
}

}  // namespace front_test
}  // namespace assay::tools
