#include "tools/hand_over.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace assay::tools {
namespace {

/// Finding the package takes hundredths of a second; importing it, seconds.
constexpr const char* kFind =
    "import importlib.util, sys\n"
    "found = importlib.util.find_spec('assay')\n"
    "sys.exit(not found or not found.origin)";

bool has_package(std::string python) {
  std::string option = "-c", program = kFind;
  char* arguments[] = {python.data(), option.data(), program.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, python.c_str(), nullptr, nullptr, arguments, environ) != 0) return false;
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::string interpreter() {
  const char* named = std::getenv("ASSAY_PYTHON");
  return named != nullptr && *named != '\0' ? named : "python3";
}

void hand_over(int argc, char** argv) {
  std::string python = interpreter(), option = "-m", package = "assay";
  if (!has_package(python)) return;
  std::vector<char*> arguments = {python.data(), option.data(), package.data()};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  arguments.push_back(nullptr);
  execvp(python.c_str(), arguments.data());
}

}  // namespace assay::tools
