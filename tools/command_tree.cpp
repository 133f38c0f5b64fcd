#include "tools/command_tree.h"

#include "tools/help.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

ordered_json option_json(const CLI::Option& option) {
  const bool is_switch = option.get_items_expected_max() == 0;
  return {{"name", option.get_name(option.get_positional(), true)},
          {"help", option.get_description()},
          {"group", option.get_group()},
          {"type", is_switch ? "" : option.get_type_name()},
          {"default", option.get_default_str()},
          {"required", option.get_required()},
          {"values",
           {is_switch ? 0 : option.get_expected_min(), is_switch ? 0 : option.get_expected_max()}}};
}

void add_option(CLI::App& app, const ordered_json& json) {
  const std::string name = json.at("name"), help = json.at("help");
  const int least = json.at("values").at(0), most = json.at("values").at(1);
  CLI::Option* option = nullptr;
  if (most == 0) {
    option = app.add_flag(name, help);
  } else {
    const auto ignore = [](const CLI::results_t&) { return true; };
    option = app.add_option(name, ignore, help)->expected(least, most);
    option->type_name(json.at("type"));
  }
  option->group(json.at("group"))->required(json.at("required"));
  option->default_str(json.at("default"));
}

void fill(CLI::App& app, const ordered_json& json) {
  app.set_help_flag();  // every command has one already, which is among its options here
  app.group(json.at("group"))->footer(json.at("footer").get<std::string>());
  for (const ordered_json& option : json.at("options")) add_option(app, option);
  for (const ordered_json& nested : json.at("commands"))
    fill(*app.add_subcommand(nested.at("name"), nested.at("help")), nested);
}

}  // namespace

ordered_json command_tree(const CLI::App& app) {
  ordered_json json = {{"name", app.get_name()},           {"help", app.get_description()},
                       {"group", app.get_group()},         {"footer", app.get_footer()},
                       {"options", ordered_json::array()}, {"commands", ordered_json::array()}};
  for (const CLI::Option* option : app.get_options())
    json["options"].push_back(option_json(*option));
  for (const CLI::App* nested : app.get_subcommands({}))
    json["commands"].push_back(command_tree(*nested));
  return json;
}

std::unique_ptr<CLI::App> app_of(const ordered_json& tree) {
  auto app = std::make_unique<CLI::App>(tree.at("help"), tree.at("name"));
  app->formatter(std::make_shared<Help>());  // subcommands take it over
  fill(*app, tree);
  return app;
}

}  // namespace assay::tools
