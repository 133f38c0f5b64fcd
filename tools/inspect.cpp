// `assay inspect MODEL`

#include <CLI/CLI.hpp>

#include "interp/model_file.h"
#include "interp/site.h"
#include "interp/transformer.h"
#include "tools/brief.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/self_check.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

struct InspectOptions {
  CommonOptions common;
  std::filesystem::path model;
};

template <typename Sizes>
std::string shape_text(const Sizes& sizes) {
  std::string text;
  for (const int64_t size : sizes) {
    text += (text.empty() ? "" : ", ") + (size < 0 ? "batch" : std::to_string(size));
  }
  return "[" + text + "]";
}

void heading(const Console& console, std::string_view text) {
  console.line();
  console.line(console.paint(text, Tone::Bold));
}

void print_parameters(const interp::Transformer& model, const Console& console) {
  Table table({{"parameter", Align::Left}, {"shape", Align::Left}, {"numbers"}});
  int64_t total = 0;
  for (const auto& parameter : model.named_parameters()) {
    const at::Tensor& value = parameter.value();
    table.add_row({{parameter.key()}, {shape_text(value.sizes())}, {grouped(value.numel())}});
    total += value.numel();
  }
  table.add_row({{"all", Tone::Bold}, {""}, {grouped(total), Tone::Bold}});
  console.line(table.to_string(console.colour()));
}

void print_sites(const interp::TransformerConfig& config, const Console& console) {
  Table table({{"site", Align::Left}, {"shape", Align::Left}});
  for (const interp::Place& place : interp::places(config)) {
    table.add_row({{to_string(place)}, {shape_text(interp::shape({.place = place}, config))}});
  }
  console.line(table.to_string(console.colour()));
}

void print_identities(const std::vector<Identity>& identities, const Console& console) {
  Table table({{"identity", Align::Left}, {"error"}, {"of up to"}});
  for (const auto& [formula, error, value] : identities) {
    table.add_row({{formula}, {fmt::format("{:.1e}", error)}, {fmt::format("{:.4g}", value)}});
  }
  console.line(table.to_string(console.colour()));
}

ordered_json report_of(const InspectOptions& options, const interp::LoadedModel& loaded,
                       const std::vector<Identity>& identities) {
  const interp::TransformerConfig& config = loaded.model->config();
  ordered_json report = report_head();
  report["model"] = {{"path", options.model.string()}, {"sha256", loaded.sha256}};
  report["layout"] = loaded.layout;
  report["config"] = interp::to_json(config);
  report["metadata"] = loaded.metadata;
  for (const auto& parameter : loaded.model->named_parameters()) {
    report["parameters"][parameter.key()] = parameter.value().sizes().vec();
  }
  for (const interp::Place& place : interp::places(config)) {
    report["sites"][to_string(place)] = interp::shape({.place = place}, config);
  }
  for (const auto& [formula, error, value] : identities) {
    report["self_check"].push_back(
        {{"identity", formula}, {"largest_error", error}, {"largest_value", value}});
  }
  return report;
}

int run_inspect(const InspectOptions& options) {
  const Session session = start(options.common);
  const interp::LoadedModel loaded = interp::load_model(options.model);
  loaded.model->to(session.device);
  const auto identities = check_residual_identities(*loaded.model, options.common.seed.value_or(0));

  const Console& console = session.console;
  console.fact("model", options.model.string());
  console.fact("layout", loaded.layout);
  console.fact("sha256", loaded.sha256);
  const nlohmann::json config = interp::to_json(loaded.model->config());
  for (const auto& [name, value] : config.items()) {
    console.fact(name, value.is_number() ? value.dump() : brief(value));
  }
  for (const auto& [name, value] : loaded.metadata.items()) console.fact(name, brief(value));
  heading(console, "Parameters");
  print_parameters(*loaded.model, console);
  heading(console, "Sites");
  print_sites(loaded.model->config(), console);
  heading(console, "Self-check on random tokens (largest differences)");
  print_identities(identities, console);
  write_report(options.common, report_of(options, loaded, identities));
  return kDone;
}

}  // namespace

Command add_inspect(CLI::App& app) {
  const auto options = std::make_shared<InspectOptions>();
  app.add_option("MODEL", options->model, "checkpoint, safetensors file or GPT-2 folder")
      ->required();
  add_common_options(app, options->common);
  app.footer(
      "Sites are the places in the network that can be read and written; interpretations name "
      "them. "
      "The self-check adds up what every component writes and compares with the logits.\n"
      "\nExample:\n  assay inspect tasks/two_sat/reference/model.safetensors");
  return [options] { return run_inspect(*options); };
}

}  // namespace assay::tools
