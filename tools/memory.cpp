#include "tools/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace assay::tools {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// The number behind a name in a file of lines `NAME NUMBER …`; an empty name takes the first.
double number_in(const char* file, const std::string& name) {
  std::ifstream lines(file);
  double number = 0;
  for (std::string word; lines >> word;) {
    if (!name.empty() && word != name) continue;
    if (!name.empty() && lines >> number) return number;
    if (name.empty() && word.find_first_not_of("0123456789") == word.npos) return std::stod(word);
    break;
  }
  return kUnlimited;
}

/// What `ulimit -v` leaves of the address space.
double left_of_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  const double pages = number_in("/proc/self/statm", "");
  const double taken = pages == kUnlimited ? 0 : pages * static_cast<double>(sysconf(_SC_PAGESIZE));
  return std::max(0.0, static_cast<double>(limit.rlim_cur) - taken);
}

double left_of_group() {
  const double most = number_in("/sys/fs/cgroup/memory.max", "");
  const double taken = number_in("/sys/fs/cgroup/memory.current", "");
  return most == kUnlimited || taken == kUnlimited ? most : std::max(0.0, most - taken);
}

}  // namespace

double available_memory() {
  constexpr double kKibi = 1024;
  const double machine = number_in("/proc/meminfo", "MemAvailable:") * kKibi;
  return std::min({machine, left_of_limit(), left_of_group()});
}

}  // namespace assay::tools
