#include "tools/page/compared_inputs.h"

namespace assay::tools::page {

KnownInput known_input(const Run& run, const Json& input) {
  const std::string kind = run.report.at("features");
  KnownInput known{
      .tokens = run.task->sequence_of(run.task->to_tokens(input.at("input").get<std::string>())),
      .features = {},
      .relevances = {}};
  known.features = run.task->features(kind, known.tokens);
  if (input.at("right").get<bool>()) known.relevances = run.task->relevance(kind, known.tokens);
  return known;
}

std::map<std::string, std::string> help_of_relevances(const Run& run) {
  std::map<std::string, std::string> help;
  for (const Json& input : run.report.at("inputs"))
    for (const tasks::Relevance& relevance : known_input(run, input).relevances)
      help[relevance.name] = relevance.help;
  return help;
}

}  // namespace assay::tools::page
