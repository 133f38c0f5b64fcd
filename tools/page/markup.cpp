#include "tools/page/markup.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <stdexcept>

namespace assay::tools::page {
namespace {

using tasks::page::Attributes;
using tasks::page::Html;
using tasks::page::span;
using tasks::page::tag;

std::string text(const Json& block, const char* field) {
  return block.at(field).get<std::string>();
}

std::string tone(const Json& block) {
  const std::string tone = block.value("tone", "plain");
  return tone == "plain" ? "" : tone;
}

Html helped(const std::string& text, const std::string& help) {
  return help.empty() ? Html(text) : tag("abbr", {{"title", help}, {"tabindex", "0"}}, text);
}

Html cell_of(const Json& cell, const std::string& align) {
  if (cell.is_string()) return tag("td", {{"class", align}}, cell.get<std::string>());
  Html content = helped(text(cell, "text"), cell.value("help", ""));
  if (const std::string under = cell.value("under", ""); !under.empty())
    content += tag("small", under);
  const std::string style = align + (align.empty() || tone(cell).empty() ? "" : " ") + tone(cell);
  return tag("td", {{"class", style}}, content);
}

/// One heading over neighbouring columns of a group.
Html group_headings(const Json& columns) {
  Html cells;
  for (size_t i = 0; i < columns.size();) {
    const std::string group = text(columns[i], "group");
    size_t end = i;
    while (end < columns.size() && text(columns[end], "group") == group) ++end;
    cells += tag("th", {{"scope", "colgroup"}, {"colspan", fmt::to_string(end - i)}}, group);
    i = end;
  }
  return tag("tr", cells);
}

Html table_of(const Json& block) {
  const Json& columns = block.at("columns");
  std::vector<std::string> align;
  Html headings;
  bool grouped = false;
  for (const Json& column : columns) {
    align.push_back(std::string(column.at("number").get<bool>() ? "number" : "") +
                    (column.at("pinned").get<bool>() ? " pinned" : ""));
    headings += tag("th", {{"scope", "col"}, {"class", align.back()}},
                    helped(text(column, "title"), text(column, "help")));
    grouped = grouped || !text(column, "group").empty();
  }
  Html lines;
  for (const Json& row : block.at("rows")) {
    Html cells;
    for (size_t i = 0; i < row.size(); ++i) cells += cell_of(row[i], align.at(i));
    lines += tag("tr", {{"class", row.empty() || row[0] != "" ? "first" : ""}}, cells);
  }
  const std::string caption = text(block, "caption");
  const Html head = (grouped ? group_headings(columns) : Html()) + tag("tr", headings);
  return tag("div",
             {{"class", "table"},
              {"tabindex", "0"},
              {"role", "group"},
              {"aria-label", caption.empty() ? "Table" : caption}},
             tag("table", {{"class", grouped ? "dense" : ""}},
                 (caption.empty() ? Html() : tag("caption", caption)) + tag("thead", head) +
                     tag("tbody", lines)));
}

Html facts_of(const Json& block) {
  Html rows;
  for (const Json& row : block.at("rows"))
    rows += tag("dt", text(row, "name")) + tag("dd", row.at("code").get<bool>()
                                                         ? tag("code", text(row, "value"))
                                                         : Html(text(row, "value")));
  return tag("dl", {{"class", "kv"}}, rows);
}

Html evidence_of(const Json& block) {
  Html facts;
  for (const Json& fact : block.at("facts")) {
    const bool supports = fact.at("supports");
    facts += tag("li", span(supports ? "sign good" : "sign caution", supports ? "+" : "!") +
                           span("hidden", supports ? "supports: " : "speaks against: ") +
                           text(fact, "text"));
  }
  return tag("ul", {{"class", "evidence"}}, facts);
}

Html save_buttons(std::initializer_list<const char*> kinds, const std::string& name) {
  Html buttons = tag("span", "save");
  for (const char* kind : kinds)
    buttons +=
        tag("button",
            {{"type", "button"}, {"aria-label", fmt::format("save {} as {}", name, kind)}}, kind);
  return tag("div", {{"class", "tools"}}, buttons);
}

/// What Graphviz writes is ours: it escapes the names that it is given.
Html drawing_of(const Json& block) {
  const std::string svg = text(block, "svg");
  const size_t start = svg.find("<svg");
  if (start == svg.npos) throw std::runtime_error("a drawing that is no SVG");
  const Html drawn = Html::trusted(svg.substr(start));
  return tag("figure", {{"class", "drawing"}, {"data-name", "drawing"}},
             save_buttons({"SVG", "PNG"}, "drawing") +
                 tag("div", {{"role", "img"}, {"aria-label", text(block, "alt")}}, drawn) +
                 tag("figcaption", text(block, "caption")));
}

}  // namespace

Html markup_of(const Json& block) {
  using Maker = std::function<Html(const Json&)>;
  static const std::map<std::string, Maker> makers = {
      {"markup", [](const Json& b) { return Html::trusted(text(b, "html")); }},
      {"paragraph",
       [](const Json& b) {
         return tag("p", {{"class", tone(b)}}, text(b, "text"));
       }},
      {"heading", [](const Json& b) { return tag("h3", text(b, "text")); }},
      {"facts", [](const Json& b) { return facts_of(b); }},
      {"command",
       [](const Json& b) {
         return tag("div", {{"class", "cmd"}},
                    tag("code", text(b, "line")) +
                        tag("button", {{"type", "button"}, {"class", "btn copy"}}, "Copy"));
       }},
      {"table", [](const Json& b) { return table_of(b); }},
      {"evidence", [](const Json& b) { return evidence_of(b); }},
      {"drawing", [](const Json& b) { return drawing_of(b); }},
      {"fold", [](const Json& b) {
         Html content = tag("summary", text(b, "title"));
         for (const Json& inner : b.at("blocks")) content += markup_of(inner);
         return tag("details", content);
       }}};
  const auto found = makers.find(block.at("type").get<std::string>());
  if (found == makers.end())
    throw std::runtime_error(
        fmt::format("unknown block '{}'", block.at("type").get<std::string>()));
  return found->second(block);
}

}  // namespace assay::tools::page
