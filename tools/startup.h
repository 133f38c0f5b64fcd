#pragma once
// What must be settled before LibTorch computes anything.

#include <string>

namespace assay::tools {

/// Tunes the allocator for large temporaries that come and go.
void keep_freed_memory();

/// The command line as one would type it, arguments quoted where a shell needs it.
std::string command_line();

}  // namespace assay::tools
