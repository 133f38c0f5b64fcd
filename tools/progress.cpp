#include "tools/progress.h"

#include "tools/host.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace {

using namespace std::chrono_literals;

constexpr const char* kWipe = "\r\x1b[K";

}  // namespace

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(is_terminal(stderr) || host()) {
  next_ = start_ + (terminal_ ? 100ms : 10'000ms);
}

Progress::~Progress() {
  if (line_open_) fmt::print(stderr, "{}", kWipe);
}

bool Progress::is_time() {
  const Clock::time_point now = Clock::now();
  if (now < next_) return false;
  next_ = now + (terminal_ ? 100ms : 10'000ms);
  return true;
}

void Progress::show(const std::function<std::string()>& text) {
  if (quiet_ || host()) return;
  const std::lock_guard lock(mutex_);
  if (!is_time()) return;
  if (terminal_) {
    fmt::print(stderr, "{}{}", kWipe, shortened(printable(text()), width_of(stderr) - 1));
    line_open_ = true;
  } else {
    fmt::print(stderr, "{}\n", printable(text()));
  }
}

void Progress::count(int64_t done, int64_t of, const std::string& what) {
  if (host()) {
    const std::lock_guard lock(mutex_);
    if (host()->on_progress && (done == of || is_time())) host()->on_progress(done, of, what);
    return;
  }
  show([&] {
    if (done == 0) return fmt::format("0 of {} {}", grouped(of), what);
    const std::chrono::duration<double> seconds = Clock::now() - start_;
    const double rate = static_cast<double>(done) / seconds.count();
    return fmt::format(
        "{} of {} {}  {}/s  {} left", grouped(done), grouped(of), what,
        rate < 10 ? fmt::format("{:.1f}", rate) : grouped(static_cast<int64_t>(rate)),
        duration(static_cast<double>(of - done) / rate));
  });
}

}  // namespace assay::tools
