#pragma once
// Verdicts as marks: glyph and word, never a colour alone.

#include "tasks/page/html.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {

/// A class of page.css: `holds`, `violated`, …
inline const char* style_of(Outcome outcome) {
  constexpr const char* kStyles[] = {"none",     "holds",   "undecided",
                                     "untested", "vacuous", "violated"};
  return kStyles[static_cast<size_t>(outcome)];
}

/// `✓ holds`, in its colour.
inline tasks::page::Html verdict_mark(Outcome outcome) {
  using tasks::page::tag;
  const OutcomeWords& words = words_of(outcome);
  return tag("span", {{"class", std::string("v ") + style_of(outcome)}},
             tag("i", {{"aria-hidden", "true"}}, words.glyph) + words.name);
}

/// Of a row's claim: as above, `■ proved` where it holds by a proof. Empty: no claim.
inline tasks::page::Html claim_mark(const axioms::ReportRow& row) {
  const Outcome outcome = outcome_of(row);
  if (outcome == Outcome::None) return {};
  if (row.never && outcome == Outcome::Holds) return tasks::page::span("v proved", "■ proved");
  return verdict_mark(outcome);
}

}  // namespace assay::tools::page
