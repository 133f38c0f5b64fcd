// Interpretations, some of whose operations are functions of Python: such a function sees whole
// batches, and takes the GIL for the time that it runs.

#include "circuits/interpretation/interpretation.h"

#include <fmt/format.h>
#include <torch/types.h>

#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/operations.h"
#include "circuits/interpretation/program.h"
#include "interp/files/json_text.h"
#include "tasks/registry.h"
#include "tools/python/bindings.h"

namespace assay::python {
namespace {

using at::Tensor;
using circuits::Activations, circuits::Operation, circuits::Value;
using nlohmann::json;

json json_of(const py::handle& text) {
  return json::parse(text.cast<std::string>());
}

/// An abstract value in one of the three types that values have.
Value value_of(const py::object& returned, const Role& role, int64_t batch) {
  const std::string expected =
      fmt::format("a torch.Tensor whose first dimension is the batch ({})", batch);
  const Tensor value = tensor_of(returned, role, expected.c_str());
  if (value.dim() == 0 || value.size(0) != batch)
    throw py::value_error(fmt::format("{} returned a tensor of shape {}, expected {}", role.text(),
                                      c10::str(value.sizes()), expected));
  if (value.is_complex())
    throw py::type_error(role.text() + " returned complex numbers, expected real ones");
  if (value.scalar_type() == at::kBool) return value;
  return value.to(value.is_floating_point() ? at::kDouble : at::kLong);
}

py::tuple arguments(const std::vector<Tensor>& tensors) {
  py::tuple all(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) all[i] = py::cast(tensors[i]);
  return all;
}

circuits::Function function_of(const Held& callable, const Role& role) {
  return [callable, role](const std::vector<Value>& parents) {
    const py::gil_scoped_acquire gil;
    return value_of(call(callable, role, *arguments(parents)), role, parents.at(0).size(0));
  };
}

circuits::Abstraction abstraction_of(const Held& callable, const Role& role) {
  return [callable, role](const Activations& activations) {
    const py::gil_scoped_acquire gil;
    return value_of(call(callable, role, *arguments(activations)), role, activations.at(0).size(0));
  };
}

// What is written is held against the sites' shapes by the network.
circuits::Concretisation concretisation_of(const Held& callable, const Role& role) {
  return [callable, role](const Value& value) {
    const py::gil_scoped_acquire gil;
    const py::object returned = call(callable, role, value);
    const bool several = py::isinstance<py::tuple>(returned) || py::isinstance<py::list>(returned);
    const py::list parts = several ? py::list(returned) : py::list(py::make_tuple(returned));
    Activations activations;
    for (const py::handle part : parts) {
      const Tensor written =
          tensor_of(part, role, "a torch.Tensor, or a tuple of them, one for each site");
      activations.push_back(written.scalar_type() == at::kFloat ? written : written.to(at::kFloat));
    }
    return activations;
  };
}

circuits::Equality equality_of(const Held& callable, const Role& role) {
  return [callable, role](const Value& left, const Value& right) {
    const py::gil_scoped_acquire gil;
    const char* expected = "a torch.Tensor of dtype bool and shape [batch]";
    const Tensor equal = tensor_of(call(callable, role, left, right), role, expected);
    if (equal.scalar_type() != at::kBool || equal.sizes() != at::IntArrayRef{left.size(0)})
      throw py::value_error(fmt::format("{} returned {} of shape {}, expected {}", role.text(),
                                        c10::toString(equal.scalar_type()), c10::str(equal.sizes()),
                                        expected));
    return equal;
  };
}

/// @param spec  (name, parameters as JSON, {name: tensor}, callable or None).
template <typename F>
Operation operation_from(const py::tuple& spec, const Role& role,
                         interp::Registry<circuits::OperationEntry<F>>& known,
                         F (*make)(const Held&, const Role&)) {
  Operation operation{.name = spec[0].cast<std::string>(),
                      .parameters = json_of(spec[1]),
                      .tensors = spec[2].cast<std::map<std::string, Tensor>>()};
  if (!spec[3].is_none() && !known.contains(operation.name)) {
    const F function = make(hold(spec[3]), role);
    known.add({operation.name, "a function of Python",
               [function](const Operation&) { return function; }});
  }
  return operation;
}

/// Adds a function to the operations that everything here and the command know. With numbers, the
/// function is one that makes the operation's function from them.
template <typename F>
void add_operation(interp::Registry<circuits::OperationEntry<F>>& known, const std::string& role,
                   const std::string& name, const std::string& help, const py::object& function,
                   F (*make)(const Held&, const Role&)) {
  const auto from_numbers = [held = hold(function), role = Role{role, "operation " + name},
                             make](const Operation& operation) -> F {
    if (operation.parameters.empty() && operation.tensors.empty()) return make(held, role);
    const py::gil_scoped_acquire gil;
    py::dict numbers =
        py::module_::import("json").attr("loads")(interp::json_text(operation.parameters));
    for (const auto& [key, tensor] : operation.tensors) numbers[py::str(key)] = tensor;
    return make(hold((*held)(**numbers)), role);
  };
  known.add({name, help, from_numbers});
}

void register_operation(const std::string& role, const std::string& name, const std::string& help,
                        const py::object& function, const std::string& origin) {
  const interp::AddedBy added(origin);
  circuits::Operations& known = tasks::operations();
  if (role == "h")
    add_operation(known.functions, role, name, help, function, function_of);
  else if (role == "alpha")
    add_operation(known.abstractions, role, name, help, function, abstraction_of);
  else if (role == "gamma")
    add_operation(known.concretisations, role, name, help, function, concretisation_of);
  else if (role == "equality")
    add_operation(known.equalities, role, name, help, function, equality_of);
  else
    throw py::value_error(
        fmt::format("role: expected h, alpha, gamma or equality, got '{}'", role));
}

std::vector<interp::Site> sites_from(const py::handle& texts, const interp::Places& places) {
  std::vector<interp::Site> sites;
  for (const auto& text : texts.cast<std::vector<std::string>>())
    sites.push_back(interp::parse_site(text, places));
  return sites;
}

py::tuple spec_of(const Operation& operation) {
  return py::make_tuple(operation.name, interp::json_text(operation.parameters), operation.tensors,
                        py::none());
}

py::dict spec_of(const circuits::Interpretation& interpretation) {
  const auto names = [](const std::vector<interp::Site>& sites) {
    std::vector<std::string> texts;
    for (const interp::Site& site : sites) texts.push_back(to_string(site));
    return texts;
  };
  py::list nodes;
  for (const circuits::Node& node : interpretation.nodes) {
    py::dict spec;
    spec["name"] = node.name;
    spec["parents"] = node.parents;
    spec["sites"] = names(node.sites);
    spec["reads"] = names(node.reads);
    spec["h"] = spec_of(node.h);
    spec["alpha"] = spec_of(node.alpha);
    spec["gamma"] = spec_of(node.gamma);
    spec["equality"] = spec_of(node.equality);
    spec["evidence"] = interp::json_text(node.evidence);
    nodes.append(spec);
  }
  py::dict spec;
  spec["title"] = interpretation.title;
  spec["task"] = interp::json_text(interpretation.task);
  spec["model_sha256"] = interpretation.model_sha256;
  spec["fitted_on"] = interp::json_text(interpretation.fitted_on);
  spec["output"] = interpretation.output;
  spec["nodes"] = nodes;
  return spec;
}

}  // namespace

Claim claim_from(const py::dict& spec, const interp::Places& places) {
  Claim claim{.interpretation = {.title = spec["title"].cast<std::string>(),
                                 .task = json_of(spec["task"]),
                                 .model_sha256 = spec["model_sha256"].cast<std::string>(),
                                 .fitted_on = json_of(spec["fitted_on"]),
                                 .output = spec["output"].cast<std::string>(),
                                 .nodes = {}},
              .operations = tasks::all_operations()};
  circuits::Operations& known = claim.operations;
  for (const auto& entry : spec["nodes"].cast<py::list>()) {
    const auto node = entry.cast<py::dict>();
    const auto name = node["name"].cast<std::string>();
    const auto role = [&](const char* role) { return Role{role, fmt::format("node '{}'", name)}; };
    const auto of = [&](const char* role) { return node[role].cast<py::tuple>(); };
    claim.interpretation.nodes.push_back(
        {.name = name,
         .parents = node["parents"].cast<std::vector<std::string>>(),
         .sites = sites_from(node["sites"], places),
         .reads = sites_from(node["reads"], places),
         .h = operation_from(of("h"), role("h"), known.functions, function_of),
         .alpha = operation_from(of("alpha"), role("alpha"), known.abstractions, abstraction_of),
         .gamma =
             operation_from(of("gamma"), role("gamma"), known.concretisations, concretisation_of),
         .equality =
             operation_from(of("equality"), role("equality"), known.equalities, equality_of),
         .evidence = json_of(node["evidence"])});
  }
  return claim;
}

void bind_interpretation(py::module_& m) {
  m.def("load_interpretation", [](const std::string& path, const interp::Network& network,
                                  const std::string& model_sha256) {
    const auto loaded = circuits::load_interpretation(path, network.places(), model_sha256);
    return py::make_tuple(spec_of(loaded.interpretation), loaded.sha256);
  });
  m.def("save_interpretation",
        [](const py::dict& spec, const interp::Network& network, const std::string& path) {
          circuits::save_interpretation(claim_from(spec, network.places()).interpretation, path);
        });
  m.def("register_operation", &register_operation);
  m.def("check_interpretation", [](const py::dict& spec, const interp::Network& network) {
    const Claim claim = claim_from(spec, network.places());
    circuits::compile(claim.interpretation, claim.operations, network.places());
  });
}

}  // namespace assay::python
