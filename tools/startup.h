#pragma once
// What must be settled before LibTorch computes anything.

#include <string>

namespace assay::tools {

/// Keeps standard streams that are closed from being taken for files, settles how failures end
/// (tools/failure.h), tunes the allocator for large temporaries, and starts the program anew,
/// once, if OpenBLAS took kernels that are much too old for this processor (interp/blas.h).
void prepare_process(char** argv);

/// The command line as one would type it, arguments quoted where a shell needs it.
std::string command_line();

}  // namespace assay::tools
