// The command's work inside of Python's process.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "axioms/report.h"
#include "interp/execution/parallel.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_text.h"
#include "tools/assay.h"
#include "tools/host.h"
#include "tools/page/run.h"
#include "tools/page/sections.h"
#include "tools/python/bindings.h"
#include "tools/report_text.h"
#include "tools/summaries.h"
#include "tools/validation_record.h"

namespace assay::python {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // so that a signal handler may set it

/// While this lives, Ctrl-C sets the flag, rather than waking the interpreter alone, which would
/// have to wait for the work to end. Python lets only its main thread hear signals.
class HeardInterrupts {
 public:
  explicit HeardInterrupts(bool ends_functions) {
    const py::module_ threading = py::module_::import("threading");
    hears_ = threading.attr("current_thread")().is(threading.attr("main_thread")());
    if (!hears_) return;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    if (ends_functions)
      action.sa_handler = [](int) {
        interrupted = true;
        PyErr_SetInterrupt();  // which signal handlers may call
      };
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, &before_);
  }
  ~HeardInterrupts() {
    if (!hears_) return;
    sigaction(SIGINT, &before_, nullptr);
    // What no function of Python has heard must not be raised later, in place of the result.
    if (interrupted && PyErr_CheckSignals() != 0) PyErr_Clear();
    interrupted = false;
  }
  HeardInterrupts(const HeardInterrupts&) = delete;
  HeardInterrupts& operator=(const HeardInterrupts&) = delete;

 private:
  bool hears_ = false;
  struct sigaction before_ {};
};

class Threads {
 public:
  explicit Threads(int threads) : before_(interp::threads()) {
    const auto processors = static_cast<int>(std::thread::hardware_concurrency());
    interp::set_threads(threads > 0 ? threads : std::max(1, processors));
  }
  ~Threads() { interp::set_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Ctrl-C while something is shown ends the work, and not what follows it.
template <typename Show>
void tell(const Show& show) {
  try {
    show();
  } catch (const py::error_already_set&) {
    if (!interrupted) throw;
  }
}

tools::Host host_of(const WorkOptions& options) {
  tools::Host host{.command = options.command, .interrupted = &interrupted};
  if (!options.print.is_none())
    host.print = [print = hold(options.print)](std::string_view line, bool is_warning) {
      const py::gil_scoped_acquire gil;
      tell([&] { (*print)(py::str(line.data(), line.size()), is_warning); });
    };
  else
    host.print = [](std::string_view, bool) {};
  host.on_progress = [progress = hold(options.progress)](int64_t done, int64_t of,
                                                         const std::string& what) {
    const py::gil_scoped_acquire gil;
    if (!progress->is_none()) tell([&] { (*progress)(done, of, what); });
  };
  return host;
}

nlohmann::ordered_json record_of(const std::string& text) {
  return interp::parse_json(text, "not a record");
}

/// What the terminal would show of a validation.
std::string text_of(const std::string& json) {
  const tools::ValidationRecord record =
      tools::validation_from_json(record_of(json), "not a whole report");
  std::string text;
  tools::Host host{.command = {}, .interrupted = &interrupted};
  host.print = [&text](std::string_view line, bool) { text += std::string(line) + "\n"; };
  const py::gil_scoped_release released;
  const tools::InHost in_host(std::move(host));
  tools::print_report(record.report, *record.task, tools::Console(/*quiet=*/false));
  return text;
}

/// The report with another claim about it, and what follows.
std::string with_claim(const std::string& json, const std::string& text) {
  tools::ValidationRecord record =
      tools::validation_from_json(record_of(json), "not a whole report");
  axioms::Claim claim = axioms::parse_claim(text);
  if (!claim.answer.empty())
    throw std::invalid_argument(
        fmt::format("{}: claims about one answer are made when the validation runs", text));
  bool found = false;
  for (axioms::ReportRow& row : record.report.rows) {
    row.claim.reset();
    row.decided_at.reset();
    if (row.node != claim.node || row.axiom != claim.axiom || row.answer) continue;
    row.claim = claim.epsilon;
    found = true;
  }
  if (!found) throw std::invalid_argument(fmt::format("there is no row {}", claim.row()));
  if (record.report.sequential) axioms::look(record.report);  // which decides at any number
  axioms::conclude(record.report);
  return interp::json_text(axioms::to_json(record.report), 1) + "\n";
}

void write_page(const std::vector<std::pair<std::string, std::string>>& records,
                const std::string& path) {
  std::vector<tools::page::Run> runs;
  for (const auto& [json, file] : records)
    runs.push_back(tools::page::make_run(record_of(json), file));
  tools::page::write_page(runs, path);
}

}  // namespace

void require_wanted() {
  if (!interrupted) return;
  PyErr_SetNone(PyExc_KeyboardInterrupt);
  throw py::error_already_set();
}

bool work(const WorkOptions& options, const std::function<void()>& job) {
  const HeardInterrupts heard(options.ends_functions);
  tools::Host host = host_of(options);
  const py::gil_scoped_release released;
  const tools::InHost in_host(std::move(host));
  const Threads threads(options.threads);  // one number for the process: inside of the lock
  job();
  return interrupted;
}

void bind_command(py::module_& m) {
  m.def("run", [](const std::vector<std::string>& arguments, const std::string& command,
                  int threads, py::object print, py::object progress) {
    int code = 0;
    const bool stopped =
        work({command, threads, print, progress}, [&] { code = tools::run_command(arguments); });
    return py::make_tuple(code, stopped);
  });
  m.def("main", [](std::vector<std::string> arguments) {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const py::gil_scoped_release released;
    return assay_main(static_cast<int>(arguments.size()), argv.data());
  });
  m.def("report_text", &text_of);
  m.def("report_sentence", [](const std::string& json) {
    return axioms::verdict_sentence(
        tools::validation_from_json(record_of(json), "not a whole report").report);
  });
  m.def("report_exit_code", [](const std::string& json) {
    return axioms::exit_code(
        tools::validation_from_json(record_of(json), "not a whole report").report);
  });
  m.def("with_claim", &with_claim);
  m.def("write_page", &write_page, py::call_guard<py::gil_scoped_release>());
}

}  // namespace assay::python
