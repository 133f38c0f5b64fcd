#include "tools/terminal.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace assay::tools {
namespace {

TEST(Terminal, APipeIsNoTerminalAndShowsNoColour) {
  FILE* file = std::tmpfile();
  EXPECT_FALSE(is_terminal(file));
  EXPECT_FALSE(shows_colour(file));
  EXPECT_EQ(width_of(file), 100u);
  std::fclose(file);
}

TEST(Terminal, PaintsOnlyWhereColourIsShown) {
  EXPECT_EQ(painted("text", Tone::Bad, true), "\x1b[31mtext\x1b[0m");
  EXPECT_EQ(painted("text", Tone::Bad, false), "text");
  EXPECT_EQ(painted("text", Tone::Plain, true), "text");
}

TEST(Terminal, CountsCharactersNotBytes) {
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

}  // namespace
}  // namespace assay::tools
