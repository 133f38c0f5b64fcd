#include "tools/terminal.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace assay::tools {
namespace terminal_test {

TEST(Terminal, APipeIsNoTerminalAndShowsNoColour) {
  FILE* file = std::tmpfile();
  EXPECT_FALSE(is_terminal(file));
  EXPECT_FALSE(shows_colour(file));
  EXPECT_EQ(width_of(file), 100u);
  std::fclose(file);
}

TEST(Terminal, PaintsOnlyWhereColourIsShown) {
  EXPECT_EQ(printable(painted("text", Tone::Bad, true)), "\x1b[31mtext\x1b[0m");
  EXPECT_EQ(painted("text", Tone::Bad, false), "text");
  EXPECT_EQ(painted("text", Tone::Plain, true), "text");
}

TEST(Terminal, IsNotSteeredByWhatFilesSay) {
  EXPECT_EQ(printable("nice\x1b]0;title\x07\x1b[2J\x1b[31mred"),
            "nice\\x1b]0;title\\x07\\x1b[2J\\x1b[31mred");
  EXPECT_EQ(printable("a\rb\tc\x7f\u0085\u009b2J"), "a\\x0db\\x09c\\x7f\\u0085\\u009b2J");
  EXPECT_EQ(printable("\u202egnp.exe\u2066\u200f\u061c"), "\\u202egnp.exe\\u2066\\u200f\\u061c");
  EXPECT_EQ(printable("\xff\xc0\xaf\xe2\x82"), "\\xff\\xc0\\xaf\\xe2\\x82");
  EXPECT_EQ(printable("Größe ≤ 3 … 𝛂\n"), "Größe ≤ 3 … 𝛂\n");
  EXPECT_EQ(one_line("a\nb\n"), "a\\x0ab\\x0a");
  // Nor is its text taken for ours where it is painted.
  EXPECT_EQ(printable(painted("\x1b[0mx", Tone::Bold, true)), "\x1b[1m\\x1b[0mx\x1b[0m");
}

TEST(Terminal, CountsCharactersNotBytes) {
  EXPECT_EQ(columns(painted("text", Tone::Bad, true)), 4u);
  EXPECT_EQ(columns("≤ 95%"), 5u);
  EXPECT_EQ(columns("Σ z W_O"), 7u);
}

TEST(Terminal, ShortensToAWidth) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
  EXPECT_EQ(shortened("≤≤≤≤", 3), "≤≤…");
}

TEST(Terminal, WrapsAtBlanksAndIndents) {
  EXPECT_EQ(wrapped("one two three four five six", 24, 2), "one two three four\n  five six");
  EXPECT_EQ(wrapped("", 24, 2), "");
  EXPECT_EQ(wrapped("( x0 x1 ) ( x1 Not(x2) ) :", 22, 2), "( x0 x1 )\n  ( x1 Not(x2) ) :");
  EXPECT_EQ(wrapped(std::string(40, 'x'), 24, 2), std::string(40, 'x'));
}

TEST(Terminal, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(80000), "80,000");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(grouped(-123), "-123");
}

TEST(Terminal, WritesDurations) {
  EXPECT_EQ(duration(7.2), "0:07");
  EXPECT_EQ(duration(754), "12:34");
  EXPECT_EQ(duration(3723), "1:02:03");
  EXPECT_EQ(duration(59.6), "1:00");
}

}  // namespace terminal_test
}  // namespace assay::tools
