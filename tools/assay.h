#pragma once
// The command `assay` as a function of the library: what the front starts, and what a host of
// another language may call.

#include <string>
#include <vector>

extern "C" {

/// Runs the command and returns its exit code. It takes the process for its own: how failures end,
/// the allocator and threads are settled for good.
int assay_main(int argc, char** argv);
}

namespace assay::tools {

/// Runs the command inside of a host (host.h), which there must be: the process stays as it is.
/// @param arguments  without the program's name: {"validate", "--model", …}.
/// @return the exit code. @throws std::exception where the command would print why it failed.
int run_command(const std::vector<std::string>& arguments);

}  // namespace assay::tools
