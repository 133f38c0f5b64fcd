#include "tools/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

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

const char* escape_of(Tone tone) {
  switch (tone) {
    case Tone::Plain:
      return "";
    case Tone::Bold:
      return "\x1b[1m";
    case Tone::Faint:
      return "\x1b[2m";
    case Tone::Good:
      return "\x1b[32m";
    case Tone::Caution:
      return "\x1b[33m";
    case Tone::Bad:
      return "\x1b[31m";
  }
  return "";
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
  const bool known = ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 100;
}

std::string painted(std::string_view text, Tone tone, bool colour) {
  if (!colour || tone == Tone::Plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_of(tone), text);
}

size_t columns(std::string_view text) {
  return text.size() - static_cast<size_t>(std::ranges::count_if(text, continues_character));
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

std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  const auto digits_from = static_cast<int64_t>(number < 0);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > digits_from; at -= 3) {
    text.insert(static_cast<size_t>(at), 1, ',');
  }
  return text;
}

std::string duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(0.0, seconds) + 0.5);
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, rest);
  return fmt::format("{}:{:02}", minutes, rest);
}

void Console::line(std::string_view text) const {
  if (!quiet_) fmt::print("{}\n", text);
}

void Console::fact(std::string_view name, std::string_view text) const {
  line(paint(fmt::format("{:<{}}", name, kNameColumn), Tone::Faint) +
       wrapped(text, width_of(stdout), kNameColumn));
}

void Console::insist(std::string_view text) const {
  fmt::print(quiet_ ? stderr : stdout, "{}\n", text);
}

void Console::warn(std::string_view text) {
  fmt::print(stderr, "{} {}\n", painted("warning:", Tone::Caution, shows_colour(stderr)), text);
}

}  // namespace assay::tools
