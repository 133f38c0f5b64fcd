#include "tools/startup.h"

#include <malloc.h>

#include <climits>
#include <string_view>

#include "interp/files/files.h"
#include "tools/failure.h"
#include "tools/host.h"
#include "tools/streams.h"

namespace assay::tools {
namespace {

// Activations are tens of megabytes and live for milliseconds. Returned to the system, they would
// come back page by page, each page zeroed again: that costs more than computing with them.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, INT_MAX);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  mallopt(M_TOP_PAD, 64 << 20);
}

std::string quoted(std::string_view argument) {
  static constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  if (!argument.empty() && argument.find_first_not_of(kPlain) == argument.npos) {
    return std::string(argument);
  }
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

void prepare_process() {
  hold_standard_streams();
  end_failures_in_one_line();
  keep_freed_memory();
}

std::string command_line() {
  if (host()) return host()->command;
  std::string arguments = interp::read_file("/proc/self/cmdline");  // each ends in a zero byte
  std::string line;
  for (size_t at = 0; at < arguments.size();) {
    const std::string_view argument = arguments.c_str() + at;
    if (!line.empty()) line += ' ';
    line += quoted(argument);
    at += argument.size() + 1;
  }
  return line;
}

}  // namespace assay::tools
