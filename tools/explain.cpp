// `assay explain --model FILE --method NAME INPUT`

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <iterator>
#include <optional>

#include "interp/adapters/model_file.h"
#include "interp/attribution/method.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/explaining.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/explained.h"
#include "tools/explained_text.h"
#include "tools/explanation_options.h"
#include "tools/page_option.h"
#include "tools/progress.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

namespace attribution = interp::attribution;
using attribution::Target;

struct ExplainOptions {
  CommonOptions common;
  ExplanationOptions explanation;
  std::string input, target;
  std::vector<std::string> methods;
  PageOption page;
};

Target target_of(const ExplainOptions& options, const tasks::Task& task, int64_t answer) {
  if (options.target.empty()) return {.token = answer};
  return attribution::parse_target(options.target,
                                   [&](const std::string& name) { return task.token_named(name); });
}

/// `UNSAT`, or `a tie of UNSAT, SAT`.
std::string answer_text(const std::vector<int64_t>& given, const tasks::Task& task) {
  std::vector<std::string> names;
  for (const int64_t token : given) names.push_back(task.answer_name(token));
  return fmt::format("{}{}", names.size() > 1 ? "a tie of " : "", fmt::join(names, ", "));
}

ExplainedInput explain(const ExplainOptions& options, const ExplanationSubject& subject,
                       const at::Tensor& tokens) {
  const tasks::Task& task = *subject.task;
  const auto name_of = [&](int64_t token) { return task.token_name(token); };
  const std::vector<int64_t> given = tasks::answers_given(task, *subject.model.model, tokens);
  const Target target = target_of(options, task, given.front());
  const attribution::Problem problem = tasks::problem_of(task, *subject.model.model, tokens,
                                                         {.features = options.explanation.features,
                                                          .target = target,
                                                          .replacer = subject.replacer.get(),
                                                          .rows = options.explanation.rows,
                                                          .seed = options.common.seed.value_or(0)});
  ExplainedInput input{.task = task.to_json(),
                       .model_sha256 = subject.model.sha256,
                       .facts = {},
                       .tokens = {},
                       .features = problem.input.features,
                       .explanations = {},
                       .attention = {}};
  for (const int64_t token : problem.input.tokens) input.tokens.push_back(name_of(token));
  std::vector<attribution::MethodRequest> requests;
  for (const std::string& method : options.methods)
    requests.push_back(attribution::parse_method(method, problem));
  input.attention = attention_patterns(*subject.model.model, problem.input.tokens, problem.framing);
  attribution::MethodRuns runs(problem);
  Progress line(options.common.quiet);
  for (const attribution::MethodRequest& request : requests) {
    line.count(std::ssize(input.explanations), std::ssize(requests), "methods");
    input.explanations.push_back(runs(request));
  }
  input.facts = {{"model", describe_model(options.explanation, subject)},
                 {"task", describe(task)},
                 {"input", task.to_text(tokens)},
                 {"answer", answer_text(given, task)},
                 {"explained", fmt::format("{} = {:+.3f}", attribution::to_string(target, name_of),
                                           problem.scorer.score(problem.input.tokens))}};
  return input;
}

int run_explain(const ExplainOptions& options) {
  require_writable(options.page);
  const Session session = start(options.common);
  const ExplanationSubject subject = load_subject(options.explanation, session);
  const at::Tensor tokens = subject.task->to_tokens(options.input);
  const ExplainedInput input = explain(options, subject, tokens);
  print_explained(input, subject.task.get(), session.console);
  nlohmann::ordered_json report = report_head("explanation");
  report.update(to_json(input));
  write_report(options.common, report);
  write_page(options.page, options.common, report, session.console);
  return kDone;
}

}  // namespace

Command add_explain(CLI::App& app) {
  const auto options = std::make_shared<ExplainOptions>();
  app.add_option("INPUT", options->input, "an input of the task, as text")->required();
  add_explanation_options(app, options->explanation, "token");
  app.add_option(
         "--data", options->explanation.data,
         "inputs for replacers to learn from, where the model file names no task: token ids, "
         "see docs/formats.md")
      ->type_name("FILE");
  app.add_option("--method", options->methods,
                 "NAME, NAME:PRESET, NAME@READING or NAME:PRESET@READING, see below; may be given "
                 "again")
      ->required()
      ->allow_extra_args(false)  // one each time: the input is no other method
      ->type_name("NAME");
  app.add_option("--target", options->target,
                 "what is explained, such as log-odds:s (default: the log-odds of the answer "
                 "given)")
      ->type_name("KIND:TOKEN");
  choices(app.get_option("--method"), interp::names_of(interp::attribution::methods()));
  add_page_option(app, options->page);
  add_common_options(app, options->common);
  app.footer(
      "A positive score speaks for the answer that the network gave, unless --target says "
      "otherwise. "
      "Methods differ in what they mean by \"speaks for\"; assay compare says which of them find "
      "what "
      "must matter.\n\n" +
      list_of_methods() + list_of_targets() +
      "\nExamples:\n"
      "  assay explain --model tasks/two_sat/variable/model.safetensors \\\n"
      "    --features clause --method occlusion:deletion --method lime \\\n"
      "    \"( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( Not(x0) Not(x1) )\"\n"
      "  assay explain --model tasks/two_sat/variable/model.safetensors \\\n"
      "    --method slalom@value --method slalom@importance \\\n"
      "    --target logit-difference:s:u \"( x0 x1 ) ( x0 Not(x1) )\"");
  return [options] { return run_explain(*options); };
}

}  // namespace assay::tools
