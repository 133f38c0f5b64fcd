#include "tools/page/headline.h"

#include <array>
#include <utility>

namespace assay::tools::page {

using tasks::page::tag;

namespace {

constexpr const char* kSaid = "said";  // of the block: the sentence as text

/// What is read of markup: without its tags, and characters in place of entities.
std::string read_from(const Html& html) {
  static constexpr std::array<std::pair<std::string_view, char>, 4> kEntities = {
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&amp;", '&'}}};
  std::string text;
  for (std::string_view rest = html.markup(); !rest.empty();) {
    if (rest[0] == '<') {
      rest.remove_prefix(rest.find('>') + 1);
      continue;
    }
    char read = rest[0];
    size_t bytes = 1;
    for (const auto& [entity, character] : kEntities)
      if (rest.starts_with(entity)) read = character, bytes = entity.size();
    text += read;
    rest.remove_prefix(bytes);
  }
  return text;
}

}  // namespace

Html in_html(const std::vector<TextPiece>& text) {
  Html html;
  for (const TextPiece& piece : text)
    html += piece.strong ? tag("b", piece.text) : Html(piece.text);
  return html;
}

Json headline(const Html& say, const std::vector<KeyFact>& facts, const Html& but) {
  Html content = tag("p", {{"class", "say"}}, say), figures;
  if (!but.empty()) content += tag("p", {{"class", "but soft"}}, but);
  for (const KeyFact& fact : facts)
    figures += tag("div", tag("dt", fact.figure) + tag("dd", fact.words));
  if (!facts.empty()) content += tag("dl", {{"class", "facts"}}, figures);
  Json block = tasks::page::block(tag("div", {{"class", "headline"}}, content));
  block[kSaid] = read_from(say);
  return block;
}

bool answers_first(const Section& section) {
  return !section.blocks.empty() && section.blocks.front().contains(kSaid);
}

std::string answer_of(const Section& section) {
  return answers_first(section) ? section.blocks.front()[kSaid].get<std::string>() : "";
}

}  // namespace assay::tools::page
