#include "tools/page/explanation_headline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "interp/names.h"
#include "tasks/wording.h"
#include "tools/explained_sentence.h"
#include "tools/page/headline.h"
#include "tools/plural.h"

namespace assay::tools::page {
namespace {

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

Json explanation_headline(const Run& run, const ExplainedRecord& record,
                          const std::vector<ScoreColumn>& columns) {
  const std::map<std::string, std::string> facts(record.facts.begin(), record.facts.end());
  const auto fact = [&](const char* name) {
    const auto found = facts.find(name);
    return found == facts.end() ? "" : found->second;
  };
  const Html say = in_html(explained_sentence(run.task.get(), fact("answer"),
                                              interp::names_of(record.features), columns));
  std::vector<KeyFact> key = {
      {counted(std::ssize(record.features), "part"), "of the input have a score"},
      {counted(std::ssize(record.explanations), "method"),
       record.explanations.size() == 1 ? "of scoring" : "of scoring, side by side"}};
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
