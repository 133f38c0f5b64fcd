#include "tasks/page/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "interp/names.h"

namespace assay::tasks::page {

std::string to_string(Tone tone) {
  static const interp::Names<Tone> kTones = {{Tone::Plain, "plain"},
                                             {Tone::Good, "good"},
                                             {Tone::Caution, "caution"},
                                             {Tone::Bad, "bad"},
                                             {Tone::Faint, "faint"}};
  return interp::name_of(tone, kTones);
}

Tone tone_of_verdict(const std::string& verdict) {
  if (verdict == "holds") return Tone::Good;
  return verdict == "undecided" ? Tone::Caution : Tone::Bad;
}

Json paragraph(const std::string& text, Tone tone) {
  return {{"type", "paragraph"}, {"text", text}, {"tone", to_string(tone)}};
}

Json absent(const std::string& what, const std::string& reason) {
  return paragraph(what + " are not shown: " + reason + ".", Tone::Faint);
}

Json heading(const std::string& text) {
  return {{"type", "heading"}, {"text", text}};
}

Json facts(const std::vector<Fact>& facts) {
  Json rows = Json::array();
  for (const Fact& fact : facts)
    rows.push_back({{"name", fact.name}, {"value", fact.value}, {"code", fact.code}});
  return {{"type", "facts"}, {"rows", rows}};
}

Json command(const std::string& line) {
  return {{"type", "command"}, {"line", line}};
}

Json table(const std::string& caption, const std::vector<Column>& columns, const Json& rows) {
  Json headings = Json::array();
  for (const Column& column : columns)
    headings.push_back({{"title", column.title},
                        {"number", column.number},
                        {"help", column.help},
                        {"group", column.group},
                        {"pinned", column.pinned}});
  return {{"type", "table"}, {"caption", caption}, {"columns", headings}, {"rows", rows}};
}

Json cell(const std::string& text, Tone tone, const std::string& help) {
  return {{"text", text}, {"tone", to_string(tone)}, {"help", help}};
}

Json cell_over(const std::string& text, const std::string& under, Tone tone) {
  return {{"text", text}, {"tone", to_string(tone)}, {"help", ""}, {"under", under}};
}

Json drawing(const std::string& caption, const std::string& alt, const std::string& svg) {
  return {{"type", "drawing"}, {"caption", caption}, {"alt", alt}, {"svg", svg}};
}

Json fold(const std::string& title, const Json& blocks) {
  return {{"type", "fold"}, {"title", title}, {"blocks", blocks}};
}

std::string percent(double share, int decimals) {
  return share == 0 ? "0" : fmt::format("{:.{}f}%", 100 * share, decimals);
}

int percent_decimals(const std::vector<double>& shares) {
  double smallest = 1;
  for (const double share : shares)
    if (share > 0) smallest = std::min(smallest, share);
  return std::clamp(static_cast<int>(std::ceil(-std::log10(100 * smallest))) + 1, 2, 6);
}

}  // namespace assay::tasks::page
