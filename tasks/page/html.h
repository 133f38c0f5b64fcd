#pragma once
// Markup that what it shows cannot break: texts and attributes are escaped when they are put in,
// so that no text of a file becomes an element. Sections build what they show from it.

#include <string>
#include <string_view>
#include <vector>

#include "tasks/page/blocks.h"

namespace assay::tasks::page {

class Html {
 public:
  Html() = default;
  Html(std::string_view text);  // NOLINT: a text is markup of itself
  Html(const std::string& text) : Html(std::string_view(text)) {}
  Html(const char* text) : Html(std::string_view(text)) {}

  Html& operator+=(const Html& other);
  bool empty() const { return markup_.empty(); }
  const std::string& markup() const { return markup_; }
  /// Takes markup as it is. Only for what this program wrote itself: never for texts of a file.
  static Html trusted(std::string markup);

 private:
  std::string markup_;
};
Html operator+(Html left, const Html& right);

struct Attribute {
  std::string_view name;
  std::string value;  ///< empty: the attribute is left out
};
using Attributes = std::vector<Attribute>;

Html tag(std::string_view name, const Attributes& attributes, const Html& content);
Html tag(std::string_view name, const Html& content);
/// An element without content, such as the marks of a drawing.
Html mark(std::string_view name, const Attributes& attributes);
Html span(const std::string& style_class, const Html& content);

/// `12.5%`, a place along an axis. Marks are placed in per cent of the room there is, so that
/// nothing is scaled and text keeps its size.
std::string place(double share);

/// The markup as a block of a section.
Json block(const Html& html);

}  // namespace assay::tasks::page
