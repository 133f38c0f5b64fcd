#include "tools/table.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay::tools {
namespace table_test {

TEST(Table, AlignsColumnsByCharactersAndEndsLinesWithoutBlanks) {
  Table table({{"node", Align::Left}, {"≤"}, {"verdict", Align::Left}});
  table.add_row({{"parse"}, {"0.1"}, {"holds"}});
  table.add_gap();
  table.add_row({{"or"}, {"12"}, {""}});
  EXPECT_EQ(table.to_string(false),
            "node     ≤  verdict\n"
            "parse  0.1  holds\n"
            "\n"
            "or      12");
}

TEST(Table, ColourDoesNotChangeTheAlignment) {
  Table table({{"a", Align::Left}, {"b"}});
  table.add_row({{"x", Tone::Good}, {"1"}});
  EXPECT_EQ(printable(table.to_string(true)),
            "\x1b[2ma\x1b[0m  \x1b[2mb\x1b[0m\n"
            "\x1b[32mx\x1b[0m  1");
}

TEST(Table, StandsInSeveralWhereItIsTooWide) {
  Table table({{"row", Align::Left}, {"first"}, {"second"}, {"third"}});
  table.add_row({{"a"}, {"1"}, {"2"}, {"3"}});
  table.add_gap();
  table.add_row({{"b"}, {"4"}, {"5"}, {"6"}});
  const auto all = table.within(26, 1);  // 3 + 2 + 5 + 2 + 6 + 2 + 5 = 25
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].to_string(false), table.to_string(false));
  const auto parts = table.within(18, 1);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].to_string(false),
            "row  first  second\n"
            "a        1       2\n"
            "\n"
            "b        4       5");
  EXPECT_EQ(parts[1].to_string(false),
            "row  third\n"
            "a        3\n"
            "\n"
            "b        6");
  EXPECT_EQ(table.within(17, 1).size(), 3u);
  EXPECT_EQ(table.within(1, 1).size(), 3u);  // no narrower than it can be
}

TEST(Table, RefusesRowsOfAnotherLength) {
  Table table({{"a"}, {"b"}});
  EXPECT_THROW(table.add_row({{"x"}}), std::invalid_argument);
}

}  // namespace table_test
}  // namespace assay::tools
