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
    provide_those_of(task);
  }

  std::string to_text(const at::Tensor& tokens) const override {
    return text_ ? text_(tokens) : Task::to_text(tokens);
  }
  at::Tensor to_tokens(const std::string& text) const override {
    return tokens_ ? tokens_(text) : Task::to_tokens(text);
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
  /// A method of the task as a function that takes the GIL; empty: it has none. What it returns was
  /// checked by task.py.
  template <typename R, typename... Args>
  std::function<R(Args...)> method(const py::dict& methods, const char* name) {
    if (!methods.contains(name)) return {};
    return [held = hold(methods[name])](const Args&... args) -> R {
      const py::gil_scoped_acquire gil;
      return (*held)(args...).template cast<R>();
    };
  }

  /// The capabilities that the task has methods for (task.py, Task._methods).
  void provide_those_of(const py::object& task) {
    const auto methods = task.attr("_methods")().cast<py::dict>();
    text_ = method<std::string, at::Tensor>(methods, "to_text");
    tokens_ = method<at::Tensor, std::string>(methods, "to_tokens");
    if (const auto answers = method<at::Tensor, at::Tensor>(methods, "truth"))
      provide(tasks::Truth{answers});
    if (const auto all =
            method<std::tuple<at::Tensor, at::Tensor, std::vector<std::string>>>(methods, "domain"))
      provide(tasks::FiniteDomain{[all] {
        const auto [tokens, labels, parts] = all();
        tasks::Domain domain{.inputs = {.tokens = tokens, .labels = labels}, .part = {}};
        for (const std::string& part : parts) domain.part.push_back(tasks::parse_part(part));
        return domain;
      }});
    using Pair = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor>;
    if (const auto pairs =
            method<Pair, std::string, uint64_t, int64_t, int64_t>(methods, "partners"))
      provide(
          tasks::Partners{[this, pairs](Part part, uint64_t seed, int64_t first, int64_t count) {
            const auto [clean, corrupt, right, wrong] = pairs(to_string(part), seed, first, count);
            return circuits::Counterfactuals{.clean = clean,
                                             .corrupt = corrupt,
                                             .right = right,
                                             .wrong = wrong,
                                             .answers = answer_mask()};
          }});
    if (methods.contains("transformations")) provide_transformations(methods);
    using Named = std::vector<std::pair<std::string, std::vector<int64_t>>>;
    if (const auto of = method<Named, std::string, std::vector<int64_t>>(methods, "features"))
      provide(tasks::Features{
          .kinds = task.attr("feature_kinds").cast<std::vector<std::string>>(),
          .of = [of](const std::string& kind, const interp::attribution::Sequence& tokens) {
            std::vector<interp::attribution::Feature> features;
            for (const auto& [name, positions] : of(kind, tokens))
              features.push_back({name, positions});
            return features;
          }});
    const auto words = task.attr("wording").cast<std::map<std::string, std::string>>();
    if (!words.empty()) {
      tasks::Wording wording;
      const auto take = [&](const char* name, std::string& to) {
        if (const auto found = words.find(name); found != words.end()) to = found->second;
      };
      take("deed", wording.deed), take("sentence", wording.sentence);
      take("example", wording.example), take("input", wording.input);
      take("inputs", wording.inputs);
      provide(wording);
    }
  }

  void provide_transformations(const py::dict& methods) {
    tasks::Transformations all;
    for (const auto& entry : methods["transformations"].cast<py::list>()) {
      const auto [name, help, function] =
          entry.cast<std::tuple<std::string, std::string, py::object>>();
      all.all.push_back(
          {name, help,
           [held = hold(function)](const at::Tensor& tokens, uint64_t seed, int64_t first) {
             const py::gil_scoped_acquire gil;
             return (*held)(tokens, seed, first).cast<at::Tensor>();
           }});
    }
    provide(all);
  }

  Held implementation_;
  tasks::Size size_;
  std::vector<int64_t> answers_;
  std::function<std::string(at::Tensor)> text_;
  std::function<at::Tensor(std::string)> tokens_;
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
