#include "tools/explained_sentence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "tools/plural.h"

namespace assay::tools {
namespace {

/// The feature with the highest score; none where scores are no result or there are none.
std::optional<size_t> first_of(const ScoreColumn& column) {
  std::optional<size_t> first;
  if (!column.caveat.empty()) return first;
  for (size_t f = 0; f < column.scores.size(); ++f)
    if (!std::isnan(column.scores[f]) && (!first || column.scores[f] > column.scores[*first]))
      first = f;
  return first && column.scores[*first] > 0 ? first : std::nullopt;
}

/// The features whose score is the highest, up to rounding.
std::vector<size_t> as_high(const ScoreColumn& column) {
  constexpr double kRounding = 1e-6;
  std::vector<size_t> all;
  if (const auto first = first_of(column))
    for (size_t f = 0; f < column.scores.size(); ++f)
      if (column.scores[f] >= (1 - kRounding) * column.scores[*first]) all.push_back(f);
  return all;
}

/// `x0`, or `x0 (no. 5)` where several parts are called so.
std::string name_of(const std::vector<std::string>& features, size_t feature) {
  const std::string& name = features[feature];
  return std::ranges::count(features, name) == 1 ? name
                                                 : fmt::format("{} (no. {})", name, feature + 1);
}

/// Several parts speak for the answer alike: a few are named, of more it is said how many.
void add_ties(std::vector<TextPiece>& text, const std::vector<std::string>& features,
              const std::vector<size_t>& alike) {
  constexpr size_t kNamed = 3;
  if (alike.size() > kNamed) {
    text.push_back({fmt::format(" {} of the {} parts", alike.size(), features.size())});
  } else {
    for (size_t i = 0; i < alike.size(); ++i) {
      text.push_back({i == 0 ? " " : i + 1 == alike.size() ? " and " : ", "});
      text.push_back({name_of(features, alike[i]), true});
    }
  }
  text.push_back({" speak for it most, and alike."});
}

/// What the methods put first, method by method; the same part is named once.
void add_first_parts(std::vector<TextPiece>& text, const std::vector<std::string>& features,
                     const std::vector<ScoreColumn>& columns) {
  std::vector<std::pair<size_t, std::vector<std::string>>> parts;  // and who puts it first
  for (const ScoreColumn& column : columns)
    if (const auto first = first_of(column)) {
      const auto same = std::ranges::find(parts, *first, &decltype(parts)::value_type::first);
      if (same == parts.end())
        parts.push_back({*first, {column.name}});
      else
        same->second.push_back(column.name);
    }
  if (parts.empty()) {
    text.push_back({" No method found a part that speaks for it."});
  } else if (columns.size() == 1 && as_high(columns[0]).size() > 1) {
    add_ties(text, features, as_high(columns[0]));
  } else if (parts.size() == 1) {
    text.push_back({columns.size() == 1 ? " " : " By every method "});
    text.push_back({name_of(features, parts[0].first), true});
    text.push_back({" speaks for it most."});
  } else {
    text.push_back({" Methods differ on what speaks for it most: "});
    for (size_t i = 0; i < parts.size() && i < 3; ++i) {
      const auto& [feature, methods] = parts[i];
      if (i > 0) text.push_back({"; "});
      text.push_back({name_of(features, feature), true});
      text.push_back({" by " + methods[0]});
      if (methods.size() > 1)
        text.push_back({fmt::format(" and {}", counted(std::ssize(methods) - 1, "other"))});
    }
    text.push_back({parts.size() > 3 ? "; and others." : "."});
  }
}

}  // namespace

std::vector<TextPiece> explained_sentence(const tasks::Task* task, const std::string& answer,
                                          const std::vector<std::string>& features,
                                          const std::vector<ScoreColumn>& columns) {
  std::vector<TextPiece> text;
  if (answer.empty())
    text = {{"The network was asked."}};
  else
    text = {{"The network answers "}, {answer_in_prose(task, answer), true}, {"."}};
  add_first_parts(text, features, columns);
  return text;
}

}  // namespace assay::tools
