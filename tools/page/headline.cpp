#include "tools/page/headline.h"

namespace assay::tools::page {

using tasks::page::tag;

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
  return tasks::page::block(tag("div", {{"class", "headline"}}, content));
}

}  // namespace assay::tools::page
