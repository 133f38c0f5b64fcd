#include "tasks/page/html.h"

#include <fmt/format.h>

namespace assay::tasks::page {

Html::Html(std::string_view text) {
  markup_.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        markup_ += "&amp;";
        break;
      case '<':
        markup_ += "&lt;";
        break;
      case '>':
        markup_ += "&gt;";
        break;
      case '"':
        markup_ += "&quot;";
        break;
      default:
        markup_ += c;
    }
  }
}

Html& Html::operator+=(const Html& other) {
  markup_ += other.markup_;
  return *this;
}

Html Html::trusted(std::string markup) {
  Html html;
  html.markup_ = std::move(markup);
  return html;
}

Html operator+(Html left, const Html& right) {
  return left += right;
}

namespace {

std::string opening(std::string_view name, const Attributes& attributes) {
  std::string text = fmt::format("<{}", name);
  for (const Attribute& attribute : attributes)
    if (!attribute.value.empty())
      text += fmt::format(" {}=\"{}\"", attribute.name, Html(attribute.value).markup());
  return text;
}

}  // namespace

Html tag(std::string_view name, const Attributes& attributes, const Html& content) {
  return Html::trusted(
      fmt::format("{}>{}</{}>", opening(name, attributes), content.markup(), name));
}

Html tag(std::string_view name, const Html& content) {
  return tag(name, {}, content);
}

Html mark(std::string_view name, const Attributes& attributes) {
  return Html::trusted(opening(name, attributes) + "/>");
}

Html span(const std::string& style_class, const Html& content) {
  return tag("span", {{"class", style_class}}, content);
}

std::string place(double share) {
  return fmt::format("{:.2f}%", 100 * share);
}

Json block(const Html& html) {
  return {{"type", "markup"}, {"html", html.markup()}};
}

}  // namespace assay::tasks::page
