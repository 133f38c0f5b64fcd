// `assay graph CIRCUIT --out x.svg|x.dot|x.json`

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "circuits/components/circuit_file.h"
#include "circuits/components/drawing.h"
#include "interp/files/files.h"
#include "tasks/registry.h"
#include "tools/commands.h"
#include "tools/graphviz.h"
#include "tools/options.h"

namespace assay::tools {
namespace {

struct GraphOptions {
  CommonOptions common;
  std::filesystem::path circuit, out;
  std::string title, prompt;
};

std::string title_of(const GraphOptions& options, const circuits::CircuitFile& file) {
  if (!options.title.empty()) return options.title;
  const auto said = [&](const char* key) {
    const auto found = file.origin.find(key);
    return found != file.origin.end() && found->is_string() ? found->get<std::string>() : "?";
  };
  std::string title = fmt::format("{}: {} of {} edges", options.circuit.filename().string(),
                                  file.circuit.size(), file.circuit.graph.n_edges());
  if (file.origin.contains("method"))
    title +=
        fmt::format(" ({}, {}, ablation {})", said("method"), said("metric"), said("ablation"));
  return title;
}

/// The tokens of a prompt, read by the task that the circuit was discovered on; else words.
std::vector<std::string> prompt_tokens(const GraphOptions& options,
                                       const circuits::CircuitFile& file) {
  std::vector<std::string> names;
  if (options.prompt.empty()) return names;
  if (!file.origin.contains("task")) return {options.prompt};
  const auto task = tasks::task_from_json(file.origin["task"]);
  const at::Tensor tokens = task->to_tokens(options.prompt);
  for (int64_t i = 0; i < tokens.size(0); ++i)
    names.push_back(task->token_name(tokens.data_ptr<int64_t>()[i]));
  return names;
}

std::string drawn(const GraphOptions& options, const circuits::CircuitFile& file) {
  const std::string extension = options.out.extension().string();
  if (extension == ".json") {
    const circuits::AttributionGraphText text{.slug = options.circuit.stem().string(),
                                              .scan = "assay",
                                              .prompt_tokens = prompt_tokens(options, file)};
    return to_attribution_graph(file.circuit, text).dump(1) + "\n";
  }
  const std::string dot = to_dot(file.circuit, title_of(options, file));
  if (extension == ".dot") return dot;
  if (extension == ".svg") return svg_of_dot(dot);
  throw std::invalid_argument(fmt::format(
      "--out {}: expected a name that ends in .svg, .dot or .json (an attribution graph)",
      options.out.string()));
}

int run_graph(const GraphOptions& options) {
  const Console console(options.common.quiet);
  const circuits::CircuitFile file = circuits::load_circuit(options.circuit);
  require_writable(options.out);
  interp::write_file(options.out, drawn(options, file));
  console.fact("circuit", fmt::format("{} of {} edges", grouped(file.circuit.size()),
                                      grouped(file.circuit.graph.n_edges())));
  console.fact("written", options.out.string());
  return kDone;
}

}  // namespace

Command add_graph(CLI::App& app) {
  const auto options = std::make_shared<GraphOptions>();
  app.add_option("CIRCUIT", options->circuit, "a circuit file, ours or one of EAP-IG or MIB")
      ->required();
  app.add_option("--out", options->out,
                 "x.svg (laid out by Graphviz), x.dot, or x.json (attribution graph for viewers)")
      ->required()
      ->type_name("FILE");
  app.add_option("--title", options->title, "above the drawing")->type_name("TEXT");
  app.add_option("--prompt", options->prompt, "an input, shown beside an attribution graph")
      ->type_name("TEXT");
  app.add_flag("--quiet", options->common.quiet, "print nothing but warnings and errors");
  app.footer("\nExample:\n  assay graph circuit.json --out circuit.svg");
  return [options] { return run_graph(*options); };
}

}  // namespace assay::tools
