#pragma once
// Ctrl-C asks a long computation to stop and save; a second one ends the program at once.

#include <atomic>

namespace assay::tools {

/// From now on SIGINT and SIGTERM set the flag that is returned; in a host (host.h) it is the
/// host's, which watches its own signals.
const std::atomic<bool>& watch_interrupts();

/// From now on they end the program at once, as they did before.
void leave_interrupts();

}  // namespace assay::tools
