#pragma once
// A node of an interpretation for people: what it says, where it lives, and its values on an input.

#include <string>

#include "tasks/page/html.h"
#include "tools/page/page.h"

namespace assay::tools::page {

/// The sentence of its h, how α reads it, and what completes "equal if". No names of operations.
std::string says(const Run& run, const Json& node);
std::string read_by(const Run& run, const Json& node);
std::string equal_if(const Run& run, const Json& node);

/// `1.05×10¹⁶` for `1.05e16`, wherever it stands in a text.
std::string powers_of_ten(const std::string& text);

/// A sentence from what has no capital and no full stop.
std::string first_upper(std::string text);

/// Every place that is read, in words.
std::string lives_in(const Run& run, const Json& node);

/// A value of one input, as reports have it: as the task tells it, tokens as they are read
/// together, states as a strip of on and off, measured numbers as bars, an answer in prose,
/// anything else in few words. @param side  class of the marks: `bn` of the network, `bi` of the
/// explanation.
Html value_html(const Run& run, const Json& node, const Json& value, const char* side = "bi");
/// The same as text.
std::string value_text(const Run& run, const Json& node, const Json& value);

/// Whether it is a list of more than one 0 or 1.
bool is_bits(const Json& value);
/// One line of states, filled where they are on.
Html bit_strip(const Json& bits, const std::string& style_class);

/// An input in its pieces. @param marked  positions whose pieces are set off.
Html input_html(const Run& run, const std::vector<int64_t>& tokens);
/// The same of an input as text; as it stands where the task cannot read it or nobody said which
/// task it is.
Html text_input_html(const Run& run, const std::string& text);

}  // namespace assay::tools::page
