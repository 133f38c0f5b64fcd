// `assay inspect MODEL`

#include <CLI/CLI.hpp>
#include <optional>
#include <stdexcept>

#include "interp/adapters/model_file.h"
#include "interp/network/site.h"
#include "interp/network/transformer.h"
#include "tools/brief.h"
#include "tools/commands.h"
#include "tools/expectation.h"
#include "tools/network_fields.h"
#include "tools/network_options.h"
#include "tools/options.h"
#include "tools/self_check.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

struct InspectOptions {
  CommonOptions common;
  std::filesystem::path model, expect, expect_tokens;
  nlohmann::json stated = nlohmann::json::object();
};

/// All that was found out about the network.
struct Inspection {
  interp::LoadedModel loaded;
  std::optional<Agreement> agreement = {};  ///< with the logits that the user brought
  std::vector<Identity> identities = {};
  int64_t without_logits = 0;  ///< inputs

  bool is_sound() const { return without_logits == 0 && (!agreement || agreement->holds()); }
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

void print_sites(const interp::Places& places, const Console& console) {
  Table table({{"site", Align::Left}, {"shape", Align::Left}});
  for (const interp::Place& place : places.all) {
    table.add_row({{place.name}, {shape_text(interp::shape({.place = place.name}, places))}});
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

InspectionRecord record_of(const InspectOptions& options, const Inspection& found) {
  const interp::LoadedModel& loaded = found.loaded;
  const interp::Places& places = loaded.model->places();
  InspectionRecord record{.model = {options.model.string(), loaded.sha256},
                          .layout = loaded.layout,
                          .config = interp::to_json(loaded.model->config()),
                          .settings = records_of(loaded.settings),
                          .metadata = loaded.metadata,
                          .expected_logits = {},
                          .without_logits = found.without_logits,
                          .parameters = {},
                          .sites = {},
                          .self_check = found.identities};
  if (found.agreement) record.expected_logits = to_json(*found.agreement);
  for (const auto& parameter : loaded.model->named_parameters())
    record.parameters.push_back({parameter.key(), parameter.value().sizes().vec()});
  for (const interp::Place& place : places.all)
    record.sites.push_back({place.name, interp::shape({.place = place.name}, places)});
  return record;
}

Inspection inspect(const InspectOptions& options, const c10::Device& device) {
  std::optional<Expectation> expected;
  if (!options.expect.empty()) {
    expected = read_expectation(options.expect, options.expect_tokens);
  } else if (!options.expect_tokens.empty()) {
    throw std::invalid_argument("--expect-tokens: goes with --expect FILE, the logits");
  }
  Inspection found{.loaded = interp::load_model(options.model, options.stated)};
  const interp::Transformer& model = *found.loaded.model;
  found.loaded.model->to(device);
  if (expected) found.agreement = compare(model, *expected);
  const uint64_t seed = options.common.seed.value_or(0);
  found.without_logits = inputs_without_finite_logits(model, seed);
  found.identities = check_identities(model, seed);
  return found;
}

/// What makes all else worthless comes first, and is said even with --quiet.
void print_doubts(const Inspection& found, const Console& console) {
  if (found.agreement && found.agreement->holds()) {
    console.fact("expected logits", found.agreement->to_string());
  } else if (found.agreement) {
    Console::warn(
        fmt::format("expected logits: {}. The file was read as another network than the "
                    "one that gave them",
                    found.agreement->to_string()));
  }
  if (found.without_logits > 0) {
    Console::warn(
        fmt::format("the logits are NaN or infinite on {} of the inputs tried, though all "
                    "weights are finite: nothing can be said of such a network",
                    found.without_logits));
  }
}

int run_inspect(const InspectOptions& options) {
  const Session session = start(options.common);
  const Inspection found = inspect(options, session.device);
  const interp::LoadedModel& loaded = found.loaded;
  const Console& console = session.console;
  print_doubts(found, console);
  console.fact("model", options.model.string());
  console.fact("layout", loaded.layout);
  console.fact("sha256", loaded.sha256);
  for (const auto& [name, value] : loaded.metadata.items()) console.fact(name, brief(value));
  heading(console, "Settings");
  print_settings(loaded.settings, console);
  heading(console, "Parameters");
  print_parameters(*loaded.model, console);
  heading(console, "Sites");
  print_sites(loaded.model->places(), console);
  heading(console, "Self-check on random tokens (largest differences)");
  print_identities(found.identities, console);
  write_report(options.common, report_of("inspection", record_of(options, found)));
  return found.is_sound() ? kDone : kViolated;
}

}  // namespace

Command add_inspect(CLI::App& app) {
  const auto options = std::make_shared<InspectOptions>();
  app.add_option("MODEL", options->model,
                 "checkpoint, safetensors file or folder of a Hugging Face model")
      ->required();
  app.add_option("--expect", options->expect,
                 "logits to compare with: safetensors with tokens and logits, or a .npy of logits")
      ->type_name("FILE");
  app.add_option("--expect-tokens", options->expect_tokens, "the .npy of their tokens")
      ->type_name("FILE");
  add_network_options(app, options->stated);
  add_common_options(app, options->common);
  app.footer(
      "Sites are the places in the network that can be read and written; interpretations name "
      "them. The self-check adds up what every component writes and compares with the logits: it "
      "shows mistakes of Assay's, not of the reading. --expect shows whether the file was read as "
      "the network that it is: logits that differ by more than 1e-5 of the largest one give exit "
      "code 1.\n"
      "Where a file does not say how its network computes, options or a JSON configuration beside "
      "it (X.config.json beside X.pth) do.\n"
      "\nExample:\n  assay inspect tasks/two_sat/reference/model.safetensors");
  return [options] { return run_inspect(*options); };
}

}  // namespace assay::tools
