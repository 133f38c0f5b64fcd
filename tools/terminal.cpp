#include "tools/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <random>

#include "interp/files/json_text.h"
#include "tools/host.h"

namespace assay::tools {
namespace {

constexpr size_t kNameColumn = 18;

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// A clause `( x0 Not(x1) )` counts as one word.
size_t end_of_word(std::string_view text) {
  const size_t closing = text.starts_with("( ") ? text.find(" )") : text.npos;
  return closing == text.npos ? std::min(text.find(' '), text.size()) : closing + 2;
}

const char* code_of(Tone tone) {
  switch (tone) {
    case Tone::Plain:
      return "";
    case Tone::Bold:
      return "1";
    case Tone::Faint:
      return "2";
    case Tone::Good:
      return "32";
    case Tone::Caution:
      return "33";
    case Tone::Bad:
      return "31";
  }
  return "";
}

/// How styling begins until it is printed: an escape and letters drawn once.
const std::string& start_of_styling() {
  static const std::string start = [] {
    std::random_device random;
    return fmt::format("\x1b{:08x}{:08x}[", random(), random());
  }();
  return start;
}

/// The styling at the start of the text, from its escape to its `m`; empty if there is none.
std::string_view leading_style(std::string_view text) {
  if (!text.starts_with(start_of_styling())) return {};
  return text.substr(0, text.find('m', start_of_styling().size()) + 1);
}

struct Character {
  uint32_t code = 0;
  size_t bytes = 0;  ///< 0: no UTF-8
};

/// The character at the start of the text, which is not empty.
Character leading_character(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte < 0x80) return {byte, 1};
  const size_t bytes = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
  if (byte < 0xC2 || byte > 0xF4 || text.size() < bytes) return {};
  uint32_t code = byte & (0x7F >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if (!continues_character(text[i])) return {};
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  return {code, bytes};
}

/// Whether it moves, colours or reverses what a terminal shows.
bool steers(uint32_t code) {
  const auto within = [&](uint32_t first, uint32_t last) { return code >= first && code <= last; };
  return within(0, 0x1F) || within(0x7F, 0x9F) || code == 0x61C || within(0x200E, 0x200F) ||
         within(0x2028, 0x202E) || within(0x2066, 0x2069);
}

}  // namespace

bool is_terminal(FILE* stream) {
  return isatty(fileno(stream)) != 0;
}

bool shows_colour(FILE* stream) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = !terminal || std::string_view(terminal) == "dumb";
  return is_terminal(stream) && !(no_colour && *no_colour) && !dumb;
}

size_t width_of(FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const int wanted = columns ? std::atoi(columns) : 0;
  return wanted >= 40 && wanted <= 1000 ? static_cast<size_t>(wanted) : 100;
}

bool shows_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (!value || !*value) continue;
    std::string locale = value;
    std::ranges::transform(locale, locale.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.find("utf-8") != locale.npos || locale.find("utf8") != locale.npos;
  }
  return true;
}

std::string in_locale(std::string text) {
  static constexpr std::pair<const char*, const char*> kPlain[] = {
      {"≤", "<="}, {"≥", ">="},   {"·", "-"},  {"–", "-"},     {"—", "-"},     {"…", "..."},
      {"×", "x"},  {"’", "'"},    {"“", "\""}, {"”", "\""},    {"✓", "+"},     {"✗", "x"},
      {"∅", "0"},  {"¬", "not "}, {"∨", "or"}, {"α", "alpha"}, {"γ", "gamma"}, {"ε", "epsilon"}};
  if (shows_utf8()) return text;
  for (const auto& [fine, plain] : kPlain)
    for (size_t at = 0; (at = text.find(fine, at)) != text.npos;
         at += std::string_view(plain).size())
      text.replace(at, std::string_view(fine).size(), plain);
  return text;
}

std::string painted(std::string_view text, Tone tone, bool colour) {
  if (!colour || tone == Tone::Plain) return std::string(text);
  return styling(code_of(tone)) + std::string(text) + styling("0");
}

std::string styling(std::string_view code) {
  return fmt::format("{}{}m", start_of_styling(), code);
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::string_view style = leading_style(text);
    const auto [code, bytes] = leading_character(text);
    const size_t used = style.empty() ? std::max<size_t>(1, bytes) : style.size();
    if (!style.empty())
      shown += fmt::format("\x1b[{}", style.substr(start_of_styling().size()));
    else if (bytes == 0 || (bytes == 1 && steers(code) && code != '\n'))
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    else if (steers(code) && code != '\n')
      shown += fmt::format("\\u{:04x}", code);
    else
      shown += text.substr(0, used);
    text.remove_prefix(used);
  }
  return shown;
}

std::string one_line(std::string text) {
  for (size_t at = 0; (at = text.find('\n', at)) != text.npos;) text.replace(at, 1, "\\x0a");
  return text;
}

size_t columns(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const size_t style = leading_style(text).size();
    columns += style == 0 && !continues_character(text[0]);
    text.remove_prefix(std::max<size_t>(1, style));
  }
  return columns;
}

std::string shortened(std::string_view text, size_t width) {
  if (columns(text) <= width) return std::string(text);
  size_t end = 0;
  for (size_t column = 0; column + 1 < width; ++column) {
    do {
      ++end;
    } while (continues_character(text[end]));
  }
  return fmt::format("{}…", text.substr(0, end));
}

std::string wrapped(std::string_view text, size_t width, size_t indent) {
  const size_t room = width > indent + 20 ? width - indent : 20;
  std::string result;
  size_t used = 0;
  while (!text.empty()) {
    const size_t end = end_of_word(text);
    const std::string_view word = text.substr(0, end);
    if (used > 0 && used + 1 + columns(word) > room) {
      result += '\n' + std::string(indent, ' ');
      used = 0;
    } else if (used > 0) {
      result += ' ';
      ++used;
    }
    result += word;
    used += columns(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(0.0, seconds) + 0.5);
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, rest);
  return fmt::format("{}:{:02}", minutes, rest);
}

void Console::line(std::string_view text) const {
  if (quiet_) return;
  if (host()) return host()->print(printable(text), /*is_warning=*/false);
  fmt::print("{}\n", printable(text));
}

void Console::fact(std::string_view name, std::string_view text) const {
  const std::string label = one_line(std::string(name)) + " ";  // apart from the text, however long
  line(paint(fmt::format("{:<{}}", label, kNameColumn), Tone::Faint) +
       wrapped(one_line(std::string(text)), width_of(stdout), kNameColumn));
}

void Console::insist(std::string_view text) const {
  if (host()) return line(text);  // a host has the exit code
  fmt::print(quiet_ ? stderr : stdout, "{}\n", text);
}

void Console::warn(std::string_view text) {
  if (host()) return host()->print(printable(one_line(std::string(text))), /*is_warning=*/true);
  fmt::print(stderr, "{} {}\n", printable(painted("warning:", Tone::Caution, shows_colour(stderr))),
             printable(one_line(std::string(text))));
}

}  // namespace assay::tools
