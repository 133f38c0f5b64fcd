#include "tools/page/explanation_headline.h"

#include <fmt/format.h>

#include <algorithm>

#include "tasks/wording.h"
#include "tools/explained_sentence.h"
#include "tools/page/headline.h"
#include "tools/plural.h"

namespace assay::tools::page {
namespace {

using tasks::page::tag;

/// `log-odds of unsatisfiable` of `log-odds:u`; a name that is no token stays as it is.
std::string target_in_prose(const Run& run, const std::string& target) {
  std::string text;
  size_t from = 0;
  for (int part = 0; from <= target.size(); ++part) {
    const size_t end = std::min(target.find(':', from), target.size());
    std::string word = target.substr(from, end - from);
    if (part > 0 && run.task)
      for (const int64_t token : run.task->answers())
        if (run.task->token_name(token) == word) word = tasks::answer_in_words(*run.task, token);
    text += (part == 0 ? "" : part == 1 ? " of " : " over ") + word;
    from = end + 1;
  }
  return text;
}

}  // namespace

Json explanation_headline(const Run& run, const std::vector<ScoreColumn>& columns) {
  const Json& report = run.report;
  const auto fact = [&](const char* name) { return report.at("facts").value(name, ""); };
  std::vector<std::string> features;
  for (const Json& feature : report.at("features")) features.push_back(feature.at("name"));
  Html say;
  for (const TextPiece& piece :
       explained_sentence(run.task.get(), fact("answer"), features, columns))
    say += piece.strong ? tag("b", piece.text) : Html(piece.text);
  std::vector<KeyFact> key = {
      {counted(std::ssize(report.at("features")), "part"), "of the input have a score"},
      {counted(std::ssize(report.at("explanations")), "method"),
       report["explanations"].size() == 1 ? "of scoring" : "of scoring, side by side"}};
  if (const std::string explained = fact("explained"); explained.find(" = ") != explained.npos) {
    const size_t is = explained.rfind(" = ");
    key.insert(key.begin(), {explained.substr(is + 3),
                             fmt::format("is what is explained: the {}",
                                         target_in_prose(run, explained.substr(0, is)))});
  }
  const auto doubtful =
      std::ranges::count_if(columns, [](const ScoreColumn& one) { return !one.caveat.empty(); });
  return headline(say, key,
                  doubtful == 0
                      ? Html()
                      : Html(fmt::format("Under a caveat, and left out here: {} of {}.", doubtful,
                                         counted(std::ssize(columns), "line"))));
}

}  // namespace assay::tools::page
