#include "tools/page/page.h"

#include <map>

#include "tools/page/assets.h"

namespace assay::tools::page {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string as_text(const std::string& text) {
  return replaced(replaced(text, "&", "&amp;"), "<", "&lt;");
}

/// JSON inside a script element: it ends at the first `</script`, so that no `<` may appear.
std::string as_data(const Json& json) {
  return replaced(json.dump(-1, ' ', false, Json::error_handler_t::replace), "<", "\\u003c");
}

Json data_of(const Page& page) {
  Json sections = Json::array();
  for (const Section& section : page.sections)
    sections.push_back(
        {{"title", section.title}, {"run", section.run}, {"blocks", section.blocks}});
  return {{"title", page.title}, {"version", ASSAY_VERSION}, {"sections", sections}};
}

}  // namespace

std::string html_of(const Page& page) {
  const std::map<std::string_view, std::string> parts = {
      {"title", as_text(page.title)},        {"style", std::string(style())},
      {"charting", std::string(charting())}, {"licences", as_text(std::string(licences()))},
      {"script", std::string(script())},     {"data", as_data(data_of(page))}};
  std::string html;
  std::string_view rest = frame();
  for (size_t open = 0; (open = rest.find("{{")) != rest.npos;) {
    const size_t close = rest.find("}}", open);
    html += rest.substr(0, open);
    html += parts.at(rest.substr(open + 2, close - open - 2));
    rest.remove_prefix(close + 2);
  }
  return html += rest;
}

}  // namespace assay::tools::page
