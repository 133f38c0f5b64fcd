#pragma once
// The standard streams of a command: where they are closed, and where they are full.

namespace assay::tools {

/// Exit codes of every subcommand; a claim's verdict gives 0, 1 or 3 (axioms/report.h).
enum ExitCode { kDone = 0, kViolated = 1, kBadInput = 2, kUndecided = 3, kInterrupted = 130 };

/// Keeps standard streams that the caller has closed from being taken for files: a file that is
/// opened takes the lowest free descriptor.
void hold_standard_streams();

/// Writes out what was printed. @return `code`, or 2 (and a line on standard error) if standard
///   output did not take everything.
int after_output(int code);

}  // namespace assay::tools
