// `assay compile PROGRAM --out DIR`

#include <fmt/ranges.h>
#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "circuits/components/circuit_file.h"
#include "circuits/interpretation/interpretation_file.h"
#include "interp/adapters/model_file.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/network/transformer.h"
#include "tasks/compiled/built_in.h"
#include "tasks/compiled/compiled.h"
#include "tasks/compiled/compiler.h"
#include "tasks/compiled/reading.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
namespace compiled = tasks::compiled;
using nlohmann::ordered_json;

struct CompileOptions {
  CommonOptions common;
  std::string program;
  fs::path out;
  double sharpness = compiled::kSharpness;
};

/// The setting of the task: a built-in program's name, or the text of a file.
std::string setting_of(const std::string& program) {
  const std::vector<std::string> known = compiled::built_in_programs();
  if (std::ranges::count(known, program) != 0) return program;
  if (!fs::exists(program))
    throw std::invalid_argument(
        fmt::format("'{}' is neither a file nor a built-in program; there are {}", program,
                    fmt::join(known, ", ")));
  return interp::read_json(program).dump();
}

struct Answered {
  int64_t inputs = 0, right = 0;
  double least_margin = 0;  ///< logit of the right answer minus the largest of the others
  bool all() const { return right == inputs; }
};

/// The network on every input.
Answered answered(const tasks::Task& task, const interp::Transformer& model) {
  constexpr int64_t kAtOnce = 1024;
  const at::NoGradGuard no_grad;
  const interp::LabelledBatch all = task.need<tasks::FiniteDomain>().all().inputs;
  const at::Tensor others = task.answer_mask();
  Answered found{.inputs = all.tokens.size(0), .right = 0, .least_margin = 1e300};
  for (int64_t first = 0; first < found.inputs; first += kAtOnce) {
    const int64_t n = std::min(kAtOnce, found.inputs - first);
    const interp::Site logits = task.decision().site(model);
    const at::Tensor of =
        model.trace(all.tokens.narrow(0, first, n), {.record = {logits}}).at(0).select(1, 0);
    const at::Tensor label = all.labels.narrow(0, first, n).unsqueeze(1);
    const at::Tensor wrong = others.repeat({n, 1}).scatter(1, label, false).logical_not();
    const at::Tensor margin =
        of.gather(1, label).squeeze(1) -
        of.masked_fill(wrong, -std::numeric_limits<float>::infinity()).amax(1);
    found.right += margin.gt(0).sum().item<int64_t>();
    found.least_margin = std::min(found.least_margin, margin.min().item<double>());
  }
  return found;
}

std::vector<std::string> write_all(const CompileOptions& options, const tasks::Task& task,
                                   const std::string& setting, const interp::Transformer& model) {
  const ordered_json json = compiled::program_of_setting(setting);
  const fs::path out = options.out;
  fs::create_directories(out);
  interp::write_file(out / "program.json", json.dump(2) + "\n");
  const std::string sha256 = interp::save_model(
      model, out / "model.safetensors",
      {{"task", task.to_json()}, {"compiled", {{"sharpness", options.sharpness}}}});
  std::vector<std::string> written = {"program.json", "model.safetensors"};
  const auto save = [&](bool rival, const char* name) {
    circuits::Interpretation interpretation = compiled::interpretation_of(setting, rival);
    interpretation.model_sha256 = sha256;
    circuits::save_interpretation(interpretation, out / name);
    written.emplace_back(name);
  };
  save(false, "true.json");
  if (compiled::has_rival(json)) save(true, "false.json");
  const circuits::ComponentGraph graph(model.places());
  circuits::save_circuit(
      {.circuit = {graph, compiled::true_edges(compiled::program_from_json(json), graph), {}},
       .d_model = model.config().d_model,
       .origin = {{"model", sha256}, {"program", json.at("name")}}},
      out / "circuit.json");
  written.emplace_back("circuit.json");
  return written;
}

int run_compile(const CompileOptions& options) {
  const Session session = start(options.common);
  const std::string setting = setting_of(options.program);
  const compiled::Program program =
      compiled::program_from_json(compiled::program_of_setting(setting));
  const auto task = tasks::make_task(compiled::kTask, {{"program", setting}});
  const auto model = compiled::compile(program, options.sharpness);
  const interp::TransformerConfig& config = model->config();
  const Console& console = session.console;
  console.fact("program", fmt::format("{}. {}", program.name, program.about));
  console.fact("network", fmt::format("{} blocks with {} heads, d_model {}, {} neurons per block",
                                      config.n_layers(), fmt::join(config.n_heads, ", "),
                                      config.d_model, config.d_mlp));
  const Answered found = answered(*task, *model);
  console.fact("answers",
               fmt::format("{} of {} inputs as the program says, least margin {:.4f}",
                           grouped(found.right), grouped(found.inputs), found.least_margin));
  const std::vector<std::string> written = write_all(options, *task, setting, *model);
  console.fact("wrote", fmt::format("{} in {}", fmt::join(written, ", "), options.out.string()));
  return found.all() ? kDone : kViolated;
}

}  // namespace

Command add_compile(CLI::App& app) {
  const auto options = std::make_shared<CompileOptions>();
  app.add_option(
         "PROGRAM", options->program,
         fmt::format("a JSON file, or one of {}", fmt::join(compiled::built_in_programs(), ", ")))
      ->required();
  app.add_option("--out", options->out, "folder for the network, its interpretations and circuit")
      ->required()
      ->type_name("DIR");
  app.add_option("--sharpness", options->sharpness,
                 "scores of the positions that heads select; others have 0")
      ->capture_default_str()
      ->type_name("NUMBER");
  add_session_options(app, options->common);
  app.footer(
      "A program consists of lines: a head selects positions and copies or counts, an MLP looks up "
      "a table. Its network has known nodes and edges, so that whatever examines networks can be "
      "examined. Every input is tried; the command ends with 1 if the network and the program "
      "differ on one.\n\nExample:\n  assay compile reverse --out reverse");
  return [options] { return run_compile(*options); };
}

}  // namespace assay::tools
