#pragma once
// How a command ends that cannot do what it was asked for: in one line, whatever went wrong.

#include <string>

namespace assay::tools {

/// The message of an exception as one line that any terminal can show: without LibTorch's backtrace
/// and control characters, and out of memory called by its name.
std::string failure_line(std::string message);

/// Exceptions that escape where none may (from threads, destructors, noexcept functions) end the
/// process in one line as well, with exit code 2 instead of a dump of its memory. Also spares
/// LibTorch's exceptions their backtraces.
void end_failures_in_one_line();

}  // namespace assay::tools
