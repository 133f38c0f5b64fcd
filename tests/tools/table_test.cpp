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

TEST(Table, RefusesRowsOfAnotherLength) {
  Table table({{"a"}, {"b"}});
  EXPECT_THROW(table.add_row({{"x"}}), std::invalid_argument);
}

}  // namespace table_test
}  // namespace assay::tools
