#include "tools/validation_question.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "axioms/report.h"
#include "interp/names.h"
#include "tasks/registry.h"
#include "tools/choices.h"
#include "tools/decisions.h"
#include "tools/numbers.h"
#include "tools/terminal.h"

namespace assay::tools {

void add_question_options(CLI::App& app, Question& question) {
  app.add_option("--model", question.model, "the network, in any layout")
      ->required()
      ->type_name("FILE");
  app.add_option("--interpretation", question.interpretation, "what is said of it")
      ->required()
      ->type_name("FILE");
  app.add_option("--task", question.task,
                 "the task that both speak about (default: the one that the interpretation names)")
      ->type_name("NAME");
  CLI::Option* count =
      app.add_option("--inputs", question.inputs,
                     fmt::format("fresh inputs to test on, at most where claims are decided one by "
                                 "one (default: all, where they can be listed, else {})",
                                 grouped(kInputs)))
          ->transform(whole_number(1))
          ->type_name("N");
  CLI::Option* part =
      app.add_option(
             "--part", question.part,
             "of inputs that can be listed: all, unseen (not trained on) or test; or a domain "
             "of the task's that can be, such as up-to-3 of two-sat")
          ->excludes(count)
          ->type_name("PART");
  app.add_option("--data", question.data, "test on the inputs of a text file, one per line")
      ->excludes(count)
      ->excludes(part)
      ->type_name("FILE");
  app.add_flag("--independent", question.independent,
               "the lines of --data are independent draws: rates are bounded beyond the file");
  app.add_option("--confidence", question.confidence, "of every bound and of all verdicts")
      ->capture_default_str()
      ->transform(number_strictly_between(0, 1))
      ->type_name("P");
  app.add_option("--claim", question.claims,
                 "NODE.AXIOM<=RATE, such as \"parse.PE<=0.001\"; NODE.AXIOM[ANSWER]<=RATE: on the "
                 "inputs that the network answers so")
      ->type_name("CLAIM");
  app.add_option("--stop", question.stop,
                 "when to end: decided, as soon as all claims are (default, where there are claims "
                 "and inputs are drawn), or never before all inputs are checked")
      ->check(CLI::IsMember({"decided", "never"}))
      ->type_name("RULE");
  choices(app.get_option("--task"), interp::names_of(tasks::task_entries()));
  choices(app.get_option("--part"), {"all", "unseen", "test"});
}

tasks::Subject load(const Question& question) {
  if (!question.task.empty()) tasks::task_entries().at(question.task);  // refuses an unknown one
  tasks::Subject subject =
      tasks::load_subject(question.model, question.interpretation, question.data);
  if (!question.task.empty() && subject.task->name() != question.task) {
    throw std::invalid_argument(fmt::format("the interpretation is about the task {}, not about {}",
                                            subject.task->name(), question.task));
  }
  return subject;
}

std::vector<axioms::Claim> parse_claims(const std::vector<std::string>& texts,
                                        const tasks::Task& task,
                                        const circuits::Interpretation& interpretation) {
  std::vector<axioms::Claim> claims;
  for (const std::string& text : texts) {
    claims.push_back(axioms::parse_claim(text));
    if (!claims.back().answer.empty()) find_answer(claims.back(), task);
  }
  axioms::require_claims_fit(claims, interpretation);
  return claims;
}

std::vector<axioms::Claim> parse_claims(const Question& question, const tasks::Subject& subject) {
  return parse_claims(question.claims, *subject.task, subject.interpretation());
}

ValidationInputs choose_inputs(const Question& question, const tasks::Subject& subject,
                               std::optional<uint64_t> seed) {
  return choose_inputs(question, *subject.task, subject.interpretation().fitted_on, seed);
}

ValidationInputs choose_inputs(const Question& question, const tasks::Task& task,
                               const nlohmann::json& fitted_on, std::optional<uint64_t> seed) {
  if (question.independent && question.data.empty())
    throw std::invalid_argument(
        "--independent says of the lines of a file that they are independent draws: name it with "
        "--data");
  if (!question.data.empty()) {
    return file_inputs(task, question.data, question.independent, fitted_on);
  }
  const bool listed = !question.inputs && task.get<tasks::FiniteDomain>();
  if (listed || !question.part.empty()) {
    return listed_inputs(task, question.part.empty() ? "all" : question.part, fitted_on);
  }
  return fresh_inputs(task, question.inputs.value_or(kInputs), seed.value_or(kSeed), fitted_on);
}

bool ends_when_decided(const Question& question, const std::vector<axioms::Claim>& claims,
                       const ValidationInputs& inputs) {
  const bool drawn = inputs.scope == axioms::Scope::Distribution;
  if (question.stop.empty()) return drawn && !claims.empty();
  if (question.stop == "never") return false;
  if (claims.empty())
    throw std::invalid_argument(
        "--stop decided: there is no claim to be decided, name one with --claim");
  if (!drawn)
    throw std::invalid_argument(
        "--stop decided: these inputs are all there are, not independent draws, so that all of "
        "them are checked");
  return true;
}

}  // namespace assay::tools
