// What is claimed of a network: interpretations, the tasks they name, and inputs to try claims on.

#include <fmt/format.h>
#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "circuits/interpretation/abstract_values.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "interp/files/files.h"
#include "interp/network/build.h"
#include "tasks/counterfactual_file.h"
#include "tasks/data_task.h"
#include "tasks/registry.h"
#include "tests/fuzz/subject.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;
using nlohmann::ordered_json;

// --- interpretations, as far as their values on two inputs

void read_interpretation(std::string_view input) {
  put_files(input);
  const interp::Places& places = small_network().places();
  const auto loaded = circuits::load_interpretation(folder() / "x.json", places);
  const auto& interpretation = loaded.interpretation;
  require_done(
      [&] {
        circuits::save_interpretation(interpretation, folder() / "y.json");
        circuits::load_interpretation(folder() / "y.json", places);
      },
      "an interpretation, written and read");
  static const circuits::Operations operations = tasks::all_operations();
  const circuits::Program program = circuits::compile(interpretation, operations, places);
  static const at::Tensor tokens = small_task().sample(tasks::Part::Test, 1, 0, 2).tokens;
  circuits::prefix_values(program, tokens);
  circuits::network_values(small_network(), program, tokens);
}

Texts interpretations() {
  Texts texts;
  write_subject(folder());
  for (const std::string& variant : small_task().need<tasks::Interpretations>().variants) {
    auto file = ordered_json::parse(interp::read_file(folder() / (variant + ".json")));
    file["tensors_sha256"] = "right";
    texts.push_back(fmt::format(R"({{"x.json": {}, "x.safetensors": {}}})", file.dump(),
                                description_of(folder() / (variant + ".safetensors"))));
  }
  return texts;
}

void read_task(std::string_view input) {
  tasks::task_from_json(nlohmann::json::parse(input));
}

Texts task_descriptions() {
  Texts texts;
  for (const tasks::TaskEntry& entry : tasks::task_entries())
    texts.push_back(tasks::make_task(entry.name)->to_json().dump());
  return texts;
}

// --- inputs of one's own

void read_counterfactuals(std::string_view input) {
  tasks::load_counterfactuals(put("x.json", input), small_task());
}

Texts counterfactuals() {
  return {R"({"prompts": [{"clean": "( x0 x1 ) ( x0 x2 ) ( x0 x1 ) ( x0 x1 ) :",
                           "corrupt": "( x0 x1 ) ( Not(x0) x2 ) ( x1 x2 ) ( x0 Not(x2) ) :",
                           "answers": ["s"], "wrong_answers": [1]}]})",
          R"({"prompts": [{"clean": [0, 1, 2, 3], "answers": [2]}]})"};
}

/// A task made of a file, and its inputs.
void read_data(std::string_view input) {
  interp::Places places;
  places.n_tokens = 30;
  const auto task = tasks::data_task(put("x.txt", input), places);
  task->sample(tasks::Part::Test, 0, 0, 3);
  require_done([&] { tasks::task_from_json(task->to_json()); }, "the same task");
}

Texts data() {
  return {"# tokens | answers | partner\n3 17 5 | 20 21 | 3 9 5\n\n4 4 | 20 | 4 9\n", "1 2 3\n",
          R"({"prompts": [{"clean": "3 17", "corrupt": [4, 17], "answers": ["2", 3]}]})"};
}

}  // namespace

const tasks::Task& small_task() {
  static const auto task = tasks::make_task("two-sat", {{"variables", 3}, {"clauses", 4}});
  return *task;
}

const interp::Transformer& small_network() {
  static const auto network = [] {
    auto model = std::make_unique<interp::Transformer>(
        interp::TransformerConfig{.d_vocab = small_task().d_vocab(),
                                  .n_ctx = small_task().n_ctx(),
                                  .d_model = 16,
                                  .d_mlp = 16,
                                  .n_heads = {1, 2},
                                  .d_head = {16, 8}});
    interp::initialise(*model, {.seed = 1});
    return model;
  }();
  return *network;
}

void write_subject(const fs::path& into) {
  const fs::path file = into / "model.safetensors";
  interp::save_model(small_network(), file, {{"task", small_task().to_json()}});
  for (const std::string& variant : small_task().need<tasks::Interpretations>().variants) {
    auto derived = small_task().need<tasks::Interpretations>().derive(
        small_network(), {.variant = variant, .inputs = 200});
    derived.interpretation.model_sha256 = interp::sha256_of_file(file);
    circuits::save_interpretation(derived.interpretation, into / (variant + ".json"));
  }
}

std::vector<Target> claim_targets() {
  return {
      {"interpretation", Form::Json, read_interpretation, interpretations},
      {"task", Form::Json, read_task, task_descriptions},
      {"counterfactuals", Form::Json, read_counterfactuals, counterfactuals},
      {"data", Form::Bytes, read_data, data},
  };
}

}  // namespace assay::fuzz
