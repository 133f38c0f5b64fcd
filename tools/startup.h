#pragma once
// What must be settled before LibTorch computes anything.

#include <string>

namespace assay::tools {

/// Keeps standard streams that are closed from being taken for files, settles how failures end
/// (tools/failure.h), and tunes the allocator for large temporaries that come and go.
void prepare_process();

/// The command line as one would type it, arguments quoted where a shell needs it.
std::string command_line();

}  // namespace assay::tools
