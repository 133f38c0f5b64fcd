// Networks: Assay's own, and those that Python implements.

#include <fmt/format.h>

#include "interp/adapters/model_file.h"
#include "interp/files/json_text.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tools/python/bindings.h"

namespace assay::python {
namespace {

using interp::Axis, interp::Found, interp::Site;

const interp::Names<Axis> kAxes = {{Axis::Head, "head"},     {Axis::Position, "pos"},
                                   {Axis::Key, "key"},       {Axis::DHead, "d_head"},
                                   {Axis::Model, "d_model"}, {Axis::Neuron, "neuron"},
                                   {Axis::Output, "output"}};

/// A site as Python's networks take it: (place, positions, neurons, head), lists empty and None
/// where all are meant.
py::tuple narrowed(const Site& site) {
  return py::make_tuple(site.place, site.positions, site.neurons, site.head);
}

py::list narrowed(const std::vector<Site>& sites) {
  py::list list;
  for (const Site& site : sites) list.append(narrowed(site));
  return list;
}

/// A network whose five functions are those of a Python object.
class PythonNetwork : public interp::Network {
 public:
  /// @param description  {places: [(name, [(axis, size)])], logits, embedding, n_ctx, n_tokens}
  PythonNetwork(py::object implementation, const py::dict& description, int64_t inputs_per_run)
      : implementation_(hold(std::move(implementation))), inputs_per_run_(inputs_per_run) {
    for (const auto& entry : description["places"].cast<py::list>()) {
      const auto [name, axes] =
          entry.cast<std::pair<std::string, std::vector<std::pair<std::string, int64_t>>>>();
      interp::Place place{.name = name, .axes = {}};
      for (const auto& [axis, size] : axes)
        place.axes.emplace_back(interp::value_of(axis, kAxes, "axis"), size);
      places_.all.push_back(std::move(place));
    }
    places_.logits = places_.at(description["logits"].cast<std::string>());
    if (!description["embedding"].is_none())
      places_.embedding = places_.at(description["embedding"].cast<std::string>());
    places_.n_ctx = description["n_ctx"].cast<int64_t>();
    places_.n_tokens = description["n_tokens"].cast<int64_t>();
    places_.causal = false;  // nobody knows
    places_.additive = false;
  }

  const interp::Places& places() const override { return places_; }
  c10::Device device() const override {
    const py::gil_scoped_acquire gil;
    return c10::Device(std::string(py::str(implementation_->attr("device"))));
  }
  int64_t inputs_per_run() const override { return inputs_per_run_; }

  std::vector<at::Tensor> trace(const at::Tensor& tokens,
                                const interp::TraceRequest& request) const override {
    const py::gil_scoped_acquire gil;
    require_wanted();
    py::list overwrite;
    for (const interp::Overwrite& written : request.overwrite)
      overwrite.append(py::make_tuple(narrowed(written.site), written.value));
    return implementation_->attr("_trace")(tokens, narrowed(request.record), overwrite)
        .cast<std::vector<at::Tensor>>();
  }

  interp::Around path_around(const std::vector<Site>& sites, const Site& decision) const override {
    const py::gil_scoped_acquire gil;
    const auto [found, path] =
        implementation_->attr("_path_around")(narrowed(sites), narrowed(decision))
            .cast<std::pair<std::optional<bool>, std::vector<std::string>>>();
    return {found ? (*found ? Found::Yes : Found::No) : Found::Unknown, path};
  }

  Found reaches(const std::vector<Site>& sites, const Site& decision) const override {
    const py::gil_scoped_acquire gil;
    const auto found = implementation_->attr("_reaches")(narrowed(sites), narrowed(decision))
                           .cast<std::optional<bool>>();
    return found ? (*found ? Found::Yes : Found::No) : Found::Unknown;
  }

 private:
  Held implementation_;
  interp::Places places_;
  int64_t inputs_per_run_;
};

py::list places_of(const interp::Network& network) {
  py::list list;
  for (const interp::Place& place : network.places().all) {
    py::list axes;
    for (const auto& [axis, size] : place.axes)
      axes.append(py::make_tuple(interp::name_of(axis, kAxes), size));
    list.append(py::make_tuple(place.name, axes));
  }
  return list;
}

std::vector<at::Tensor> trace(const interp::Network& network, const at::Tensor& tokens,
                              const std::vector<std::string>& record,
                              const std::vector<std::pair<std::string, at::Tensor>>& overwrite) {
  interp::TraceRequest request;
  for (const std::string& site : record)
    request.record.push_back(interp::parse_site(site, network.places()));
  for (const auto& [site, value] : overwrite)
    request.overwrite.push_back({interp::parse_site(site, network.places()), value});
  return network.trace(tokens, request);
}

/// complete: None where it cannot be told.
py::tuple path_around(const interp::Network& network, const std::vector<std::string>& sites,
                      const std::string& decision) {
  std::vector<Site> parsed;
  for (const std::string& site : sites)
    parsed.push_back(interp::parse_site(site, network.places()));
  const interp::Around around =
      network.path_around(parsed, interp::parse_site(decision, network.places()));
  const py::object complete = around.found == Found::Unknown ? py::object(py::none())
                                                             : py::bool_(around.found == Found::No);
  return py::make_tuple(complete, around.path);
}

py::dict parameters_of(const interp::Network& network) {
  py::dict parameters;
  if (const interp::Transformer* transformer = network.transformer())
    for (const auto& named : transformer->named_parameters())
      parameters[py::str(named.key())] = named.value();
  return parameters;
}

py::dict load(const std::string& path) {
  interp::LoadedModel loaded;
  {
    const py::gil_scoped_release released;
    loaded = interp::load_model(path);
  }
  py::dict dict;
  dict["network"] = NetworkPointer(loaded.model);
  dict["sha256"] = loaded.sha256;
  dict["layout"] = loaded.layout;
  dict["metadata"] = interp::json_text(loaded.metadata);
  return dict;
}

}  // namespace

void bind_network(py::module_& m) {
  py::class_<interp::Network, NetworkPointer>(m, "Network")
      .def("trace", &trace, py::call_guard<py::gil_scoped_release>())
      .def("path_around", &path_around)
      .def("site",
           [](const interp::Network& network, const std::string& text) {
             return narrowed(interp::parse_site(text, network.places()));
           })
      .def("shape",
           [](const interp::Network& network, const std::string& text) {
             return interp::shape(interp::parse_site(text, network.places()), network.places());
           })
      .def("logits_site",
           [](const interp::Network& network, int64_t position) {
             return to_string(interp::logits_site(network, position));
           })
      .def("parameters", &parameters_of)
      .def_property_readonly("places", &places_of)
      .def_property_readonly("n_ctx",
                             [](const interp::Network& network) { return network.places().n_ctx; })
      .def_property_readonly(
          "n_tokens", [](const interp::Network& network) { return network.places().n_tokens; })
      .def_property_readonly("is_native", [](const interp::Network& network) {
        return network.transformer() != nullptr;
      });
  m.def("python_network",
        [](py::object implementation, const py::dict& description, int64_t inputs_per_run) {
          return NetworkPointer(std::make_shared<PythonNetwork>(std::move(implementation),
                                                                description, inputs_per_run));
        });
  m.def("load", &load);
}

}  // namespace assay::python
