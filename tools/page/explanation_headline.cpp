#include "tools/page/explanation_headline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "tasks/wording.h"
#include "tools/page/headline.h"
#include "tools/plural.h"

namespace assay::tools::page {
namespace {

using tasks::page::tag;

/// The names of a task's answers in a text, in prose: `a tie of unsatisfiable, satisfiable`.
std::string answers_in_prose(const Run& run, std::string text) {
  if (!run.task) return text;
  for (const int64_t token : run.task->answers())
    if (text == run.task->answer_name(token)) return tasks::answer_in_words(*run.task, token);
  return text;
}

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

/// The feature with the highest score; none where scores are no result or there are none.
std::optional<size_t> first_of(const ScoreColumn& column) {
  std::optional<size_t> first;
  if (!column.caveat.empty()) return first;
  for (size_t f = 0; f < column.scores.size(); ++f)
    if (!std::isnan(column.scores[f]) && (!first || column.scores[f] > column.scores[*first]))
      first = f;
  return first && column.scores[*first] > 0 ? first : std::nullopt;
}

/// What the methods put first, method by method; the same part is named once.
Html first_parts(const Json& features, const std::vector<ScoreColumn>& columns) {
  std::vector<std::pair<size_t, std::vector<std::string>>> parts;  // and who puts it first
  for (const ScoreColumn& column : columns)
    if (const auto first = first_of(column)) {
      const auto same = std::ranges::find(parts, *first, &decltype(parts)::value_type::first);
      if (same == parts.end())
        parts.push_back({*first, {column.name}});
      else
        same->second.push_back(column.name);
    }
  const auto name = [&](size_t f) { return tag("b", features[f].at("name").get<std::string>()); };
  if (parts.empty()) return " No method found a part that speaks for it.";
  if (parts.size() == 1)
    return Html(columns.size() == 1 ? " " : " By every method ") + name(parts[0].first) +
           " speaks for it most.";
  Html text = " Methods differ on what speaks for it most: ";
  for (size_t i = 0; i < parts.size() && i < 3; ++i) {
    text += (i == 0 ? Html() : Html("; ")) + name(parts[i].first) + " by " + parts[i].second[0];
    if (parts[i].second.size() > 1)
      text += fmt::format(" and {}", counted(std::ssize(parts[i].second) - 1, "other"));
  }
  return text + (parts.size() > 3 ? "; and others." : ".");
}

}  // namespace

Json explanation_headline(const Run& run, const std::vector<ScoreColumn>& columns) {
  const Json& report = run.report;
  const auto fact = [&](const char* name) { return report.at("facts").value(name, ""); };
  const std::string answer = fact("answer");
  Html say = answer.empty()
                 ? Html("The network was asked.")
                 : Html("The network answers ") + tag("b", answers_in_prose(run, answer)) + ".";
  say += first_parts(report.at("features"), columns);
  std::vector<KeyFact> key = {
      {counted(std::ssize(report.at("features")), "part"), "of the input have a score"},
      {counted(std::ssize(report.at("explanations")), "method"), "of scoring, side by side"}};
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
