#include "tools/page/headline.h"

namespace assay::tools::page {

using tasks::page::tag;

Json headline(const Html& say, const std::vector<KeyFact>& facts, const Html& but) {
  Html content = tag("p", {{"class", "say"}}, say), figures;
  if (!but.empty()) content += tag("p", {{"class", "but soft"}}, but);
  for (const KeyFact& fact : facts)
    figures += tag("div", tag("dt", fact.figure) + tag("dd", fact.words));
  if (!facts.empty()) content += tag("dl", {{"class", "facts"}}, figures);
  return tasks::page::block(tag("div", {{"class", "headline"}}, content));
}

}  // namespace assay::tools::page
