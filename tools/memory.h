#pragma once
// How much memory this process may still take.

namespace assay::tools {

/// In bytes: what the machine has available, or less where the process or its control group is
/// limited. Infinite where nothing says how much that is.
double available_memory();

}  // namespace assay::tools
