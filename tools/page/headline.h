#pragma once
// What a page about a record says first: one sentence, what qualifies it, and a few facts. It
// stands above the list of sections, and lists of pages quote the sentence.

#include <string>
#include <vector>

#include "tools/page/page.h"
#include "tools/sentences.h"

namespace assay::tools::page {

/// A figure in large type with a few words under it.
struct KeyFact {
  std::string figure, words;
};

/// What is strong is bold.
Html in_html(const std::vector<TextPiece>& text);

/// @param say   the answer to the question that heads the page. @param but  small print under it;
///   empty: nothing qualifies the answer.
Json headline(const Html& say, const std::vector<KeyFact>& facts = {}, const Html& but = {});

/// Whether a section begins with a headline.
bool answers_first(const Section& section);
/// The sentence of the headline that it begins with, as text.
std::string answer_of(const Section& section);

}  // namespace assay::tools::page
