#pragma once
// Python objects that C++ code holds: copied and dropped on any thread, called from any thread.

#include <fmt/format.h>
#include <torch/python.h>

#include <memory>
#include <string>

namespace assay::python {

/// Owned by C++. What drops the last reference takes the GIL for it.
using Held = std::shared_ptr<py::object>;

inline Held hold(py::object object) {
  return {new py::object(std::move(object)), [](py::object* held) {
            if (!Py_IsInitialized()) return;  // the interpreter is gone, and the object with it
            const py::gil_scoped_acquire gil;
            delete held;
          }};
}

/// Adds a line to the exception, which is shown below its message (PEP 678).
inline void add_note(const py::error_already_set& error, const std::string& note) {
  const py::object& exception = error.value();
  if (!py::hasattr(exception, "__notes__")) exception.attr("__notes__") = py::list();
  exception.attr("__notes__").attr("append")(note);
}

/// What a Python function is to an interpretation: `h of node 'maxima'`.
struct Role {
  std::string role, of;
  std::string text() const { return fmt::format("{} of {}", role, of); }
};

/// Leaves work that the user has stopped: nothing of Python is begun any more, which may take long.
/// What was counted before is kept (axioms::check). Called with the GIL held, before Python is.
/// @throws KeyboardInterrupt
void require_wanted();

/// Calls a function with the GIL held. An exception arrives as itself, with the role added.
template <typename... Args>
py::object call(const Held& function, const Role& role, Args&&... args) {
  require_wanted();
  try {
    return (*function)(std::forward<Args>(args)...);
  } catch (const py::error_already_set& error) {
    add_note(error, "in " + role.text());
    throw;
  }
}

/// @throws TypeError saying what was expected instead.
inline at::Tensor tensor_of(const py::handle& object, const Role& role, const char* expected) {
  py::detail::make_caster<at::Tensor> caster;
  if (!object.is_none() && caster.load(object, false))
    return static_cast<at::Tensor&>(caster).detach();
  throw py::type_error(
      fmt::format("{} returned {}, expected {}", role.text(),
                  std::string(py::str(py::type::handle_of(object).attr("__name__"))), expected));
}

}  // namespace assay::python
