// The extension module of the Python package: see bindings.h.

#include "interp/files/json_text.h"
#include "tools/python/bindings.h"
#include "tools/python/engine.h"

PYBIND11_MODULE(_core, m) {
  m.doc() = "Assay's C++ core. Use the package `assay`.";
  m.attr("version") = ASSAY_VERSION;
  assay::python::bind_network(m);
  assay::python::bind_interpretation(m);
  assay::python::bind_task(m);
  assay::python::bind_command(m);
  assay::python::bind_validate(m);
  assay::python::bind_explain(m);
  assay::python::bind_engine(m);
}
