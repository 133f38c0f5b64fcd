#pragma once
// The command `assay` as a function of the library: what the front starts, and what a host of
// another language may call.

extern "C" {

/// Runs the command and returns its exit code. It takes the process for its own: how failures end,
/// the allocator and threads are settled for good.
int assay_main(int argc, char** argv);
}
