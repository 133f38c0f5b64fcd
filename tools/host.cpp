#include "tools/host.h"

#include <mutex>
#include <optional>

namespace assay::tools {
namespace {

// Threads are one number for the process (interp/execution/parallel.h), so that commands which want
// different numbers cannot run side by side.
std::mutex one_at_a_time;
std::optional<Host> present;

}  // namespace

InHost::InHost(Host host) {
  one_at_a_time.lock();
  present = std::move(host);
}

InHost::~InHost() {
  present.reset();
  one_at_a_time.unlock();
}

const Host* host() {
  return present ? &*present : nullptr;
}

}  // namespace assay::tools
