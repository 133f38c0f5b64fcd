#include "tools/completion.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <sstream>

#include "tests/interp/scratch.h"
#include "tools/choices.h"
#include "tools/command_tree.h"

namespace assay::tools {
namespace completion_test {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Words = std::vector<std::string>;

/// `assay bake`, `assay fry eggs`, `assay set MODE`, with words that shells would take amiss.
std::unique_ptr<CLI::App> kitchen() {
  static std::string text;
  static bool slowly = false;
  auto app = std::make_unique<CLI::App>("a kitchen", "assay");
  CLI::App* bake = app->add_subcommand("bake", "it's hot: $(touch took-a-command) \\ `x` \"y\"");
  choices(bake->add_option("--heat", text, "how hot. Not too hot")->required(), {"low", "high"});
  bake->add_option("--oven", text, "which")->check(CLI::IsMember({"gas", "wood"}));
  bake->add_option("--recipe", text, "where it stands");
  bake->add_flag("--slowly", slowly, "take time");
  bake->add_option("MEAL", text, "a file");
  CLI::App* fry = app->add_subcommand("fry", "in a pan");
  choices(fry->add_subcommand("eggs", "two")->add_option("--pan", text, "which"), {"iron"});
  choices(app->add_subcommand("set", "a mode")->add_option("MODE", text, "which"),
          {"day", "night"});
  return app;
}

TEST(Choices, AreReadFromTheOption) {
  const auto app = kitchen();
  const CLI::App& bake = *app->get_subcommand("bake");
  EXPECT_THAT(choices_of(*bake.get_option("--heat")), ElementsAre("low", "high"));
  EXPECT_THAT(choices_of(*bake.get_option("--oven")), ElementsAre("gas", "wood"));
  EXPECT_THAT(choices_of(*bake.get_option("--recipe")), IsEmpty());
}

TEST(Choices, RefuseNothing) {
  CLI::App app;
  std::string heat;
  choices(app.add_option("--heat", heat), {"low"});
  app.parse("--heat lwo");
  EXPECT_EQ(heat, "lwo");
}

TEST(CommandTree, IsReadAgainWithEverythingThatHelpAndCompletionSay) {
  const auto app = kitchen();
  const auto again = app_of(command_tree(*app));
  EXPECT_EQ(command_tree(*again), command_tree(*app));
  for (const std::string& shell : completed_shells())
    EXPECT_EQ(completion_script(*again, shell), completion_script(*app, shell));
  EXPECT_EQ(again->get_subcommand("bake")->get_option("--heat")->get_required(), true);
}

class CompletionTest : public interp::Scratch {
 protected:
  CompletionTest() {
    for (const std::string& shell : completed_shells())
      put("assay." + shell, completion_script(*kitchen(), shell));
    put("a-file", "");
  }

  static bool has(const std::string& shell) {
    return std::system(("command -v " + shell + " > /dev/null").c_str()) == 0;
  }
  /// What a shell prints, word by word; nothing on standard error.
  Words run(const std::string& shell, const std::string& script) const {
    put("run", script);
    const std::string command =
        "cd '" + at("").string() + "' && HOME=$PWD " + shell + " run > out 2> error < /dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << script;
    EXPECT_EQ(content("error"), "") << script;
    EXPECT_FALSE(std::filesystem::exists(at("took-a-command")));
    std::istringstream words(content("out"));
    return {std::istream_iterator<std::string>(words), {}};
  }
  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(at(name)).rdbuf();
    return text.str();
  }

  Words bash(const std::string& words) const {
    return run("bash", "source ./assay.bash\nCOMP_WORDS=(assay " + words +
                           ") COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_assay\n"
                           "echo \"${COMPREPLY[@]}\"\n");
  }
  /// In the place of the shell's own functions stand ones that print what they are handed.
  Words zsh(const std::string& words) const {
    return run("zsh -f",
               "compdef() { : }\n_files() { print FILES }\n"
               "compadd() { print -l -- ${@:#--} }\n"
               "_describe() { for word in \"${(@P)2}\"; do print -r -- ${word%%:*}; done }\n"
               "source ./assay.zsh\nwords=(assay " +
                   words + ") CURRENT=$#words\n_assay\n");
  }
  Words fish(const std::string& line) const {
    return run("fish", "source ./assay.fish\nfor word in (complete --do-complete 'assay " + line +
                           "')\n  string split --fields 1 \\t -- $word\nend\ntrue\n");
  }
};

TEST_F(CompletionTest, OfBash) {
  EXPECT_THAT(bash("''"), AllOf(Contains("bake"), Contains("fry"), Contains("set")));
  EXPECT_THAT(bash("ba"), ElementsAre("bake"));
  EXPECT_THAT(bash("bake --"),
              UnorderedElementsAre("--help", "--heat", "--oven", "--recipe", "--slowly"));
  EXPECT_THAT(bash("bake --heat ''"), ElementsAre("low", "high"));
  EXPECT_THAT(bash("bake --slowly --oven w"), ElementsAre("wood"));
  EXPECT_THAT(bash("bake --recipe ''"), IsEmpty());  // files, by the shell itself
  EXPECT_THAT(bash("fry eggs --pan ''"), ElementsAre("iron"));
  EXPECT_THAT(bash("set n"), ElementsAre("night"));
}

TEST_F(CompletionTest, OfZsh) {
  if (!has("zsh")) GTEST_SKIP() << "zsh is missing; tools/test installs it";
  EXPECT_THAT(zsh("''"), UnorderedElementsAre("bake", "fry", "set"));
  EXPECT_THAT(zsh("bake --"),
              UnorderedElementsAre("--help", "--heat", "--oven", "--recipe", "--slowly"));
  EXPECT_THAT(zsh("bake --heat ''"), ElementsAre("low", "high"));
  EXPECT_THAT(zsh("bake --recipe ''"), ElementsAre("FILES"));
  EXPECT_THAT(zsh("bake ''"), ElementsAre("FILES"));
  EXPECT_THAT(zsh("fry ''"), ElementsAre("eggs"));
  EXPECT_THAT(zsh("fry eggs --pan ''"), ElementsAre("iron"));
  EXPECT_THAT(zsh("set ''"), ElementsAre("day", "night"));
}

TEST_F(CompletionTest, OfFish) {
  if (!has("fish")) GTEST_SKIP() << "fish is missing; tools/test installs it";
  EXPECT_THAT(fish(""), UnorderedElementsAre("bake", "fry", "set"));
  EXPECT_THAT(fish("bake --"),
              UnorderedElementsAre("--help", "--heat", "--oven", "--recipe", "--slowly"));
  EXPECT_THAT(fish("bake --heat "), UnorderedElementsAre("low", "high"));
  EXPECT_THAT(fish("bake --heat=h"), ElementsAre("--heat=high"));
  EXPECT_THAT(fish("bake --recipe "), Contains("a-file"));
  EXPECT_THAT(fish("bake "), Contains("a-file"));
  EXPECT_THAT(fish("fry "), ElementsAre("eggs"));
  EXPECT_THAT(fish("fry eggs --pan "), ElementsAre("iron"));
  EXPECT_THAT(fish("set "), UnorderedElementsAre("day", "night"));
}

}  // namespace completion_test
}  // namespace assay::tools
