#include "tools/explanation_options.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "interp/attribution/method.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tools/choices.h"
#include "tools/numbers.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

std::string item(const std::string& name, const std::string& help) {
  return fmt::format("  {:<21}   {}\n", "", wrapped(fmt::format("{} {}", name, help), 100, 26));
}

std::string list_of_tasks() {
  std::string text = "Features and replacers of the tasks, the first replacer being the default:\n";
  for (const tasks::TaskEntry& entry : tasks::task_entries()) {
    const auto task = tasks::make_task(entry.name);
    text += fmt::format("  {:<21} {}; {}\n", entry.name, fmt::join(task->feature_kinds(), ", "),
                        fmt::join(task->replacer_names(), ", "));
  }
  return text;
}

}  // namespace

void add_explanation_options(CLI::App& app, ExplanationOptions& options,
                             const std::string& features) {
  options.features = features;
  app.add_option("--model", options.model, "the network, in any layout")
      ->required()
      ->type_name("FILE");
  app.add_option("--task", options.task, "its task, where the model file does not name it")
      ->type_name("NAME");
  app.add_option("--features", options.features,
                 "what scores speak of: token, or what the task groups tokens to")
      ->capture_default_str()
      ->type_name("KIND");
  app.add_option("--replacer", options.replacer,
                 "what stands in for tokens that are taken away; a wrong name lists the task's "
                 "[default: its first]")
      ->type_name("NAME");
  app.add_option("--rows", options.rows,
                 "forward rows per explanation, where a method leaves it open")
      ->capture_default_str()
      ->transform(whole_number(1))
      ->type_name("N");
  choices(app.get_option("--task"), interp::names_of(tasks::task_entries()));
  choices(app.get_option("--features"),
          names_in_tasks([](const tasks::Task& task) { return task.feature_kinds(); }));
  choices(app.get_option("--replacer"),
          names_in_tasks([](const tasks::Task& task) { return task.replacer_names(); }));
}

ExplanationSubject load_subject(const ExplanationOptions& options, const Session& session) {
  ExplanationSubject subject{
      .model = interp::load_model(options.model), .task = {}, .replacer = {}};
  subject.task = task_of_model(subject.model, options.task, options.data);
  subject.task->require_fits(subject.model.model->places());
  subject.replacer = subject.task->replacer(
      options.replacer.empty() ? subject.task->replacer_names().front() : options.replacer);
  subject.model.model->to(session.device);
  return subject;
}

std::string describe_model(const ExplanationOptions& options, const ExplanationSubject& subject) {
  return fmt::format("{} ({})", options.model.string(), subject.model.sha256.substr(0, 12));
}

std::string list_of_methods() {
  std::string text =
      "Methods, presets after : (the first that the network allows is the default), "
      "readings after @:\n";
  for (const interp::attribution::Method& method : interp::attribution::methods()) {
    text += fmt::format("  {:<21} {}\n", method.name, wrapped(method.help, 100, 24));
    if (method.presets.size() > 1)
      for (const interp::attribution::Preset& preset : method.presets)
        text += item(':' + preset.name, preset.help);
    for (const interp::attribution::NamedReading& reading : method.readings)
      text += item('@' + reading.name, reading.help);
  }
  return text + list_of_tasks();
}

std::string list_of_targets() {
  return fmt::format("Targets: {}\n", fmt::join(interp::attribution::target_forms(), ", "));
}

}  // namespace assay::tools
