#pragma once
// The command sees Python: `assay --load my_task.py …` is the work of the Python package, whose own
// command takes the same arguments (tools/python/assay/__main__.py).

#include <string>

namespace assay::tools {

/// The interpreter that is asked for the package: what ASSAY_PYTHON names, or `python3`.
std::string interpreter();

/// Goes on as `python3 -m assay` with the same arguments, in place of this process. Returns where
/// the interpreter has no such package.
void hand_over(int argc, char** argv);

}  // namespace assay::tools
