#pragma once
// What a person sees: colour where it can be shown, text that fits.

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "interp/numerals.h"

namespace assay::tools {

bool is_terminal(FILE* stream);
/// A terminal that is not "dumb", unless NO_COLOR is set (no-color.org).
bool shows_colour(FILE* stream);
/// Columns; where the stream is no terminal those of COLUMNS, or 100.
size_t width_of(FILE* stream);

/// Whether what the environment says of the locale (LC_ALL, LC_CTYPE, LANG) goes with UTF-8; so it
/// does where it says nothing.
bool shows_utf8();
/// Text as the locale can show it: `<=` for `≤` where it is not UTF-8.
std::string in_locale(std::string text);

/// A change of colour or weight, such as `31` for red, which printable() tells from what stands in
/// files: nobody outside of this process knows how it begins.
std::string styling(std::string_view code);
/// Text for a terminal. What would steer it is written out: control characters (`\x1b`), marks that
/// change the direction of writing (`\u202e`), bytes that are no UTF-8 (`\xff`). Line feeds stay,
/// and so does what styling() made.
std::string printable(std::string_view text);
/// The text with its line feeds written out: what stands in a file makes no lines of its own.
std::string one_line(std::string text);

enum class Tone { Plain, Bold, Faint, Good, Caution, Bad };
std::string painted(std::string_view text, Tone tone, bool colour);

/// Columns that UTF-8 text takes (one per character, no wide ones, none for styling).
size_t columns(std::string_view text);
/// Text cut to `width` columns, the last of which is then an ellipsis.
std::string shortened(std::string_view text, size_t width);
/// Text broken at blanks into lines of at most `width` columns, joined by a line feed and `indent`
/// blanks; the first line has no indent of its own, but leaves room for it. Clauses stay whole.
std::string wrapped(std::string_view text, size_t width, size_t indent);

using interp::grouped;
std::string duration(double seconds);  ///< `0:07`, `12:34`, `1:02:03`

/// What a command says on standard output: nothing if quiet. Warnings go to standard error always.
/// Whatever it says, a terminal is not steered by it (printable()).
class Console {
 public:
  explicit Console(bool quiet) : quiet_(quiet), colour_(shows_colour(stdout)) {}

  bool quiet() const { return quiet_; }
  bool colour() const { return colour_; }
  std::string paint(std::string_view text, Tone tone) const { return painted(text, tone, colour_); }
  void line(std::string_view text = "") const;
  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) const {
    line(fmt::format(format, std::forward<Args>(args)...));
  }
  void fact(std::string_view name,
            std::string_view text) const;  ///< name column, then text, wrapped
  /// What must not go unsaid, such as why the exit code is not 0: on standard error if quiet.
  void insist(std::string_view text) const;
  static void warn(std::string_view text);

 private:
  bool quiet_, colour_;
};

}  // namespace assay::tools
