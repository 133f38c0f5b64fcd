// Tasks: those of the registry, and those that Python brings.

#include "tasks/task.h"

#include <fmt/format.h>
#include <torch/types.h>

#include "interp/files/json_text.h"
#include "tasks/registry.h"
#include "tools/python/bindings.h"

namespace assay::python {
namespace {

using tasks::Part;

/// A task whose functions are those of a Python object (task.py).
class PythonTask : public tasks::Task {
 public:
  PythonTask(const std::string& name, const tasks::Settings& settings, Held implementation)
      : Task(name, settings), implementation_(std::move(implementation)) {
    const py::gil_scoped_acquire gil;
    const py::object& task = *implementation_;
    size_ = {.n_tokens = task.attr("n_tokens").cast<int64_t>(),
             .n_ctx = task.attr("n_ctx").cast<int64_t>(),
             .readout = task.attr("readout").cast<int64_t>(),
             .may_be_shorter = true};
    answers_ = task.attr("answers").cast<std::vector<int64_t>>();
    if (!task.attr("names").is_none()) {
      const auto names = task.attr("names").cast<std::map<int64_t, std::string>>();
      provide(tasks::TokenNames{[names, n = size_.n_tokens](int64_t token) {
        if (token < 0 || token >= n)
          throw std::invalid_argument(fmt::format("token {}: expected 0 to {}", token, n - 1));
        const auto found = names.find(token);
        return found == names.end() ? fmt::to_string(token) : found->second;
      }});
    }
  }

  tasks::Size size() const override { return size_; }
  std::vector<int64_t> answers() const override { return answers_; }

  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    const py::gil_scoped_acquire gil;
    const auto [tokens, labels] =
        implementation_->attr("_sample")(to_string(part), seed, first, count)
            .cast<std::pair<at::Tensor, at::Tensor>>();
    return {.tokens = tokens, .labels = labels};
  }

 private:
  Held implementation_;
  tasks::Size size_;
  std::vector<int64_t> answers_;
};

tasks::Settings settings_of(const std::string& text) {
  return nlohmann::json::parse(text).get<tasks::Settings>();
}

}  // namespace

void bind_task(py::module_& m) {
  py::class_<tasks::Task, TaskPointer>(m, "Task")
      .def_property_readonly("name", &tasks::Task::name)
      .def_property_readonly("settings",
                             [](const tasks::Task& task) {
                               return interp::json_text(nlohmann::json(task.settings()));
                             })
      .def_property_readonly("n_tokens", &tasks::Task::d_vocab)
      .def_property_readonly("n_ctx", &tasks::Task::n_ctx)
      .def_property_readonly("readout", &tasks::Task::readout)
      .def_property_readonly("answers", &tasks::Task::answers)
      .def("sample",
           [](const tasks::Task& task, const std::string& part, uint64_t seed, int64_t first,
              int64_t count) {
             interp::LabelledBatch batch;
             {
               const py::gil_scoped_release released;
               batch = task.sample(tasks::parse_part(part), seed, first, count);
             }
             return py::make_tuple(batch.tokens, batch.labels);
           })
      .def("to_text", &tasks::Task::to_text)
      .def("to_tokens", &tasks::Task::to_tokens)
      .def("token_name", &tasks::Task::token_name);
  m.def("make_task", [](const std::string& name, const std::string& settings) {
    return TaskPointer(tasks::make_task(name, settings_of(settings)));
  });
  m.def("python_task",
        [](const std::string& name, const std::string& settings, py::object implementation) {
          return TaskPointer(std::make_shared<PythonTask>(name, settings_of(settings),
                                                          hold(std::move(implementation))));
        });
  m.def("register_task", [](const std::string& name, const std::string& help,
                            py::object implementation, const std::string& origin) {
    const interp::AddedBy added(origin);
    const Held held = hold(std::move(implementation));
    tasks::task_entries().add(
        {.name = name, .help = help, .make = [name, held](const tasks::Settings& settings) {
           return std::make_unique<PythonTask>(name, settings, held);
         }});
  });
}

}  // namespace assay::python
