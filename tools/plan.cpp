// `assay plan --model FILE --interpretation FILE --claim CLAIM --out FILE`

#include "tools/plan.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_text.h"
#include "tools/commands.h"
#include "tools/numbers.h"
#include "tools/options.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

struct PlanOptions : Question {
  CommonOptions common;
  std::filesystem::path out;
};

std::string hash_of_rest(ordered_json plan) {
  plan.erase("sha256");
  return interp::sha256(interp::json_text(plan, 1));
}

int declare_plan(const PlanOptions& options) {
  const Session session = start(options.common);
  require_writable(options.out);
  if (options.claims.empty())
    throw std::invalid_argument("a plan declares claims: name one with --claim");
  const tasks::Subject subject = load(options);
  const std::vector<axioms::Claim> claims = parse_claims(options, subject);
  const ValidationInputs inputs = choose_inputs(options, subject, options.common.seed);
  const bool sequential = ends_when_decided(options, claims, inputs);
  const Plan plan{.title = subject.interpretation().title,
                  .version = ASSAY_VERSION,
                  .model_sha256 = subject.model.sha256,
                  .interpretation_sha256 = subject.loaded.sha256,
                  .task = subject.task->to_json(),
                  .data = inputs.facts,
                  .claims = options.claims,
                  .confidence = options.confidence,
                  .stop = sequential ? "decided" : "never",
                  .seed = options.common.seed.value_or(kSeed),
                  .sha256 = {}};
  const ordered_json json = to_json(plan);
  interp::write_file(options.out, interp::json_text(json, 1) + "\n");
  session.console.fact("inputs", inputs.description);
  session.console.fact("declared", fmt::format("{} claims, decided with {:g}% confidence",
                                               plan.claims.size(), 100 * plan.confidence));
  session.console.fact("plan", options.out.string());
  session.console.fact("sha256", json.at("sha256").get<std::string>());
  return kDone;
}

}  // namespace

ordered_json to_json(const Plan& plan) {
  ordered_json json = interp::write_record(plan);
  json["sha256"] = hash_of_rest(json);
  return json;
}

Plan read_plan(const std::filesystem::path& path) {
  const ordered_json json = read_record(path, kPlanKind);
  auto plan = interp::read_record<Plan>(json, path.string());
  if (hash_of_rest(json) != plan.sha256)
    throw std::runtime_error(
        fmt::format("{}: its sha256 is not that of the rest: the plan was edited after it was made",
                    path.string()));
  return plan;
}

Question question_of(const Plan& plan, const Question& given) {
  Question question{.model = given.model,
                    .interpretation = given.interpretation,
                    .data = {},
                    .task = given.task,
                    .part = {},
                    .inputs = {},
                    .independent = plan.data.value("independent", false),
                    .confidence = plan.confidence,
                    .claims = plan.claims,
                    .stop = plan.stop};
  const std::string source = plan.data.at("source");
  if (source == "sampled") question.inputs = plan.data.at("count").get<int64_t>();
  if (source == "listed") question.part = plan.data.value("part", "");
  if (source == "file") question.data = plan.data.value("path", "");
  return question;
}

void require_planned(const Plan& plan, const std::filesystem::path& path,
                     const tasks::Subject& subject, const ValidationInputs& inputs) {
  const auto require = [&](bool same, const char* what) {
    if (!same)
      throw std::invalid_argument(fmt::format("{}: the plan was made for {}", path.string(), what));
  };
  require(plan.model_sha256 == subject.model.sha256, "another model");
  require(plan.interpretation_sha256 == subject.loaded.sha256, "another interpretation");
  require(plan.task == nlohmann::json(subject.task->to_json()), "another task");
  require(plan.data == inputs.facts, "other inputs");
}

Command add_plan(CLI::App& app) {
  const auto options = std::make_shared<PlanOptions>();
  add_question_options(app, *options);
  app.add_option("--out", options->out, "the plan, a JSON file")->required()->type_name("FILE");
  add_session_options(app, options->common);
  app.add_option("--seed", options->common.seed, "seed of everything random")
      ->transform(seed_number())
      ->type_name("N");
  app.footer(
      "Declares a validation before it runs: hashes of model, interpretation and inputs, the "
      "claims, the confidence, the stopping rule and the seed. assay validate --plan runs exactly "
      "that, and its report says that it was declared; a plan that was edited, or other files, are "
      "refused. What nobody can see is when a plan was written: publish its hash first.\n"
      "\nExample:\n"
      "  assay plan --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --claim \"parse.PE<=0.001\" --out plan.json\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --plan plan.json");
  return [options] { return declare_plan(*options); };
}

}  // namespace assay::tools
