#include "tools/assay.h"

#include <CLI/CLI.hpp>

#include "tools/commands.h"
#include "tools/failure.h"
#include "tools/hand_over.h"
#include "tools/help.h"
#include "tools/plugin.h"
#include "tools/startup.h"
#include "tools/streams.h"
#include "tools/terminal.h"
#include "tools/usage.h"

namespace {

using namespace assay::tools;

constexpr const char* kFooter =
    "Every command tells more with --help, and takes --json FILE where it finds something out.\n"
    "\nExit codes: 0 done, and all claims hold; 1 a claim is violated or vacuous; 2 bad usage or "
    "input; 3 a claim is undecided; 130 interrupted (train, validate and compare keep what they "
    "have).\n"
    "\nStart here, in the folder of the sources:\n"
    "  assay validate --model tasks/two_sat/reference/model.safetensors \\\n"
    "    --interpretation tasks/two_sat/reference/trees.json --claim \"parse.PE<=0.001\"";

constexpr size_t kLongestMessage = 2000;  // what a file says may stand in it

struct Subcommand {
  const CLI::App* app;
  Command run;
};

std::vector<Subcommand> add_subcommands(CLI::App& app) {
  std::vector<Subcommand> subcommands;
  std::string group;
  const auto add = [&](const char* name, const char* help, Command (*add_to)(CLI::App&)) {
    CLI::App* subcommand = app.add_subcommand(name, help)->group(group);
    subcommands.push_back({subcommand, add_to(*subcommand)});
  };
  group = "A network and a claim about it";
  add("train", "train a network for a task", add_train);
  add("derive", "derive an interpretation from a network", add_derive);
  add("align", "look for the place of a value in a network", add_align);
  add("plan", "declare a validation before it runs", add_plan);
  add("validate", "test an interpretation against the axioms", add_validate);
  add("prove", "prove what holds for every input, or find one that refutes it", add_prove);
  add("attack", "look for an input on which a network is wrong", add_attack);
  add("mutate", "change one thing in an interpretation, which validation must catch", add_mutate);
  group = "Circuits";
  add("discover", "find the circuit that does the work in a network", add_discover);
  add("measure", "how well a circuit stands in for its network", add_measure);
  add("compare-circuits", "which edges two circuits share", add_compare_circuits);
  add("graph", "draw a circuit", add_graph);
  group = "Explanations by features";
  add("explain", "score the parts of an input by what they do to the answer", add_explain);
  add("compare", "hold methods of explaining against what is known to matter", add_compare);
  add("study", "which surrogates follow a network trained on synthetic texts", add_study);
  group = "To look and to convert";
  add("merge", "add up the reports of the parts of a run", add_merge);
  add("report", "one HTML page about what runs found", add_report);
  add("inspect", "show a model's sizes, parameters and sites", add_inspect);
  add("convert", "read a model in any layout, write safetensors", add_convert);
  add("compile", "make a network whose mechanism is known from a program", add_compile);
  add("list", "what there is to choose among, and who brought it", add_list);
  add("solve", "decide a 2-SAT formula in three ways", add_solve);
  add("completion", "completion of commands and options by the shell", add_completion);
  add("manual", "manual pages, for man to show", add_manual);
  return subcommands;
}

/// The message as one line, after the subcommand's name.
int refuse(const CLI::App& app, const std::string& message) {
  const auto parsed = app.get_subcommands();
  const std::string name = parsed.empty() ? "" : " " + parsed.front()->get_name();
  fmt::print(stderr, "assay{}: {}\n", name, shortened(failure_line(message), kLongestMessage));
  return kBadInput;
}

/// `--load FILE` stands before the command, as often as there are files: what they bring must be
/// there before options are made of it. @return where the rest of the arguments begins.
int load_plugins(int argc, char** argv) {
  int next = 1;
  for (; next < argc && std::string_view(argv[next]) == "--load"; next += 2) {
    if (next + 1 == argc) throw std::invalid_argument("--load: expected a file");
    if (std::string_view(argv[next + 1]).ends_with(".py")) assay::tools::hand_over(argc, argv);
    assay::load_plugin(argv[next + 1]);
  }
  return next;
}

/// @throws std::invalid_argument for arguments that are refused, and as the subcommand does.
int run(CLI::App& app, const std::vector<const char*>& arguments) {
  app.add_option("--load",
                 "a shared object that brings tasks, operations, methods, …; stands first")
      ->type_name("FILE");
  app.formatter(std::make_shared<Help>());
  app.set_version_flag("--version", ASSAY_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
  const std::vector<Subcommand> subcommands = add_subcommands(app);
  try {
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    throw std::invalid_argument(usage_error(app, error));
  }
  for (const Subcommand& subcommand : subcommands) {
    if (subcommand.app->parsed()) return subcommand.run();
  }
  return kBadInput;
}

constexpr const char* kPurpose = "validates mechanistic interpretations of neural networks";

int run(int argc, char** argv) {
  CLI::App app(kPurpose, "assay");
  try {
    const int first = load_plugins(argc, argv);
    std::vector<const char*> arguments = {argv[0]};
    arguments.insert(arguments.end(), argv + first, argv + argc);
    return run(app, arguments);
  } catch (const std::exception& error) {
    return refuse(app, error.what());
  } catch (...) {
    return refuse(app, "ended by an exception of an unknown kind");
  }
}

}  // namespace

int assay::tools::run_command(const std::vector<std::string>& arguments) {
  CLI::App app(kPurpose, "assay");
  std::vector<const char*> all = {"assay"};
  for (const std::string& argument : arguments) all.push_back(argument.c_str());
  return run(app, all);
}

int assay_main(int argc, char** argv) {
  prepare_process();
  return after_output(run(argc, argv));
}
