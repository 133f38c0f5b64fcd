#pragma once
// What sections are made of. A block is JSON, {"type": …}, that the page writes out as markup.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace assay::tasks::page {

using Json = nlohmann::ordered_json;

/// How a verdict, a note or a cell is coloured; never the only thing that tells.
enum class Tone { Plain, Good, Caution, Bad, Faint };
std::string to_string(Tone tone);
Tone tone_of_verdict(const std::string& verdict);  ///< `holds`, `violated`, …

Json paragraph(const std::string& text, Tone tone = Tone::Plain);
/// Why something is not on the page.
Json absent(const std::string& what, const std::string& reason);

/// A heading inside a section.
Json heading(const std::string& text);

/// Names and what they stand for. `code`: values as a machine reads them.
struct Fact {
  std::string name, value;
  bool code = false;
};
Json facts(const std::vector<Fact>& facts);

/// A command to copy.
Json command(const std::string& line);

struct Column {
  std::string title;
  bool number = true;      ///< set flush right, digits under digits
  std::string help = "";   ///< in plain words, on hover and on focus
  std::string group = "";  ///< a heading over neighbouring columns
  bool pinned = false;  ///< stays in sight where the table is wider than the screen; the last one
};
/// Cells are texts or cell(); rows of which the first cell is empty continue the row above.
Json table(const std::string& caption, const std::vector<Column>& columns, const Json& rows);
Json cell(const std::string& text, Tone tone = Tone::Plain, const std::string& help = "");
/// Two lines, the second a small one.
Json cell_over(const std::string& text, const std::string& under, Tone tone = Tone::Plain);

/// SVG as Graphviz draws it.
Json drawing(const std::string& caption, const std::string& alt, const std::string& svg);

/// Blocks behind a heading that opens.
Json fold(const std::string& title, const Json& blocks);

/// `2.88%`, `0` for an exact zero.
std::string percent(double share, int decimals = 2);
/// Decimals that give the smallest of these positive shares two digits; 2 to 6.
int percent_decimals(const std::vector<double>& shares);

}  // namespace assay::tasks::page
