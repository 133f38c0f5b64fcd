#include "tools/task_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "interp/files/json_shape.h"
#include "interp/network/transformer.h"
#include "tasks/data_task.h"
#include "tools/choices.h"
#include "tools/numbers.h"

namespace assay::tools {

std::unique_ptr<tasks::Task> task_for_model(const nlohmann::json& metadata, const std::string& name,
                                            const tasks::Settings& given) {
  tasks::task_entries().at(name);  // refuses an unknown one
  if (!metadata.contains("task")) return tasks::make_task(name, given);
  auto task = tasks::task_from_json(metadata["task"]);
  if (task->name() != name) {
    throw std::invalid_argument(
        fmt::format("the model was trained for {}, not for {}", task->name(), name));
  }
  const tasks::Settings settings =
      interp::complete(tasks::task_entries().at(name).options, task->settings(), "task " + name);
  for (const auto& [key, value] : given) {
    if (settings.at(key) != value) {
      throw std::invalid_argument(fmt::format("the model was trained for {} = {}, not for {}", key,
                                              settings.at(key).dump(), value.dump()));
    }
  }
  return task;
}

std::unique_ptr<tasks::Task> task_of_model(const interp::LoadedModel& model,
                                           const std::string& name,
                                           const std::filesystem::path& data) {
  const bool unnamed = name.empty() && !model.metadata.contains("task");
  if (name == tasks::kDataTask || unnamed) {
    if (data.empty())
      throw std::invalid_argument(
          unnamed ? "the model file names no task; name it with --task, or, where the command "
                    "takes it, "
                    "inputs of one's own with --data"
                  : "the task data has no inputs of its own: name their file with --data");
    return tasks::data_task(data, model.model->places());
  }
  if (!name.empty()) return task_for_model(model.metadata, name);
  return tasks::task_from_json(model.metadata["task"]);
}

void add_options(CLI::App& app, const std::vector<interp::Option>& options,
                 interp::OptionValues& given) {
  for (const interp::Option& option : options) {
    const auto take = [&given, name = option.name](const auto& value) { given[name] = value; };
    const std::string fallback =
        option.value.is_string() ? option.value.get<std::string>() : option.value.dump();
    const std::string help =
        fallback.empty() ? option.help : fmt::format("{} (default: {})", option.help, fallback);
    if (option.value.is_boolean()) {
      app.add_flag_callback(
          option.flag, [take] { take(true); }, option.help);
    } else if (option.value.is_number_integer()) {
      app.add_option_function<int64_t>(option.flag, take, help)
          ->transform(whole_number())
          ->type_name("N");
    } else if (option.value.is_number()) {
      app.add_option_function<double>(option.flag, take, help)->transform(number())->type_name("X");
    } else {
      const char* kind = option.is_path ? "FILE" : option.choices.empty() ? "TEXT" : "NAME";
      choices(app.add_option_function<std::string>(option.flag, take, help)->type_name(kind),
              option.choices);
    }
  }
}

std::string either(const std::vector<std::string>& names) {
  if (names.size() < 2) return fmt::format("{}", fmt::join(names, ""));
  return fmt::format("{} or {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

Command for_each_task(
    CLI::App& app, const std::function<bool(const tasks::TaskEntry& entry)>& serves,
    const std::function<Command(CLI::App& app, const tasks::TaskEntry& entry)>& add) {
  std::vector<std::pair<const CLI::App*, Command>> commands;
  for (const tasks::TaskEntry& entry : tasks::task_entries()) {
    if (!serves(entry)) continue;
    CLI::App* nested = app.add_subcommand(entry.name, entry.help)->group("Tasks");
    commands.emplace_back(nested, add(*nested, entry));
  }
  app.require_subcommand(1);
  return [commands] {
    const auto chosen =
        std::ranges::find_if(commands, [](const auto& command) { return command.first->parsed(); });
    return chosen->second();
  };
}

std::vector<std::string> names_in_tasks(
    const std::function<std::vector<std::string>(const tasks::Task& task)>& names) {
  std::vector<std::string> all;
  for (const tasks::TaskEntry& entry : tasks::task_entries())
    for (const std::string& name : names(*tasks::make_task(entry.name)))
      if (std::ranges::find(all, name) == all.end()) all.push_back(name);
  return all;
}

std::string describe(const tasks::Task& task) {
  std::string text = task.name();
  for (const auto& [name, value] : task.settings())
    text += fmt::format(
        ", {} {}", name,
        value.is_string() ? interp::cut_short(value.get<std::string>(), 40) : value.dump());
  return text;
}

}  // namespace assay::tools
