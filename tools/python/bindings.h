#pragma once
// What the module `assay._core` consists of, one file each. The package `assay` (the folder beside
// these files) makes of it what people call; nothing here is meant to be called by hand. Records,
// settings and parameters pass as JSON text.

#include <torch/python.h>

#include <map>
#include <memory>
#include <string>

#include "circuits/interpretation/interpretation.h"
#include "circuits/interpretation/operations.h"
#include "interp/network/network.h"
#include "tasks/task.h"
#include "tools/python/held.h"

namespace assay::python {

void bind_network(py::module_& m);
void bind_interpretation(py::module_& m);
void bind_task(py::module_& m);
void bind_command(py::module_& m);
void bind_validate(py::module_& m);
void bind_explain(py::module_& m);

using NetworkPointer = std::shared_ptr<interp::Network>;
using TaskPointer = std::shared_ptr<tasks::Task>;

/// An interpretation, some of whose operations are functions of Python.
struct Claim {
  circuits::Interpretation interpretation;
  circuits::Operations operations;  ///< all that there are, and those
};

/// @param spec  {title, task, model_sha256, fitted_on, output, nodes} as interpretation.py makes
/// it.
/// @throws ValueError, TypeError naming node and field.
Claim claim_from(const py::dict& spec, const interp::Places& places);

/// A piece of work that goes on without the GIL, as a command in a host (tools/host.h): Ctrl-C
/// stops it, threads and torch's own settings are as before when it returns.
struct WorkOptions {
  std::string command;
  int threads = 0;                   ///< 0: as many as there are processors
  py::object print = py::none();     ///< called with (line, is_warning); None: says nothing
  py::object progress = py::none();  ///< called with (done, of, what)
  /// Ctrl-C also raises KeyboardInterrupt in the function of Python that the main thread is in. For
  /// jobs that keep what they have when a function of the caller fails.
  bool ends_functions = false;
};
/// @return whether the user asked it to stop.
bool work(const WorkOptions& options, const std::function<void()>& job);

}  // namespace assay::python
