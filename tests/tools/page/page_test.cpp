#include "tools/page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::tools::page {
namespace page_test {

using testing::HasSubstr;
using testing::Not;

const std::string kHostile = "</script><b>\"{{data}}'&amp;<!--";

/// What lies between `before` and `after`.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const size_t from = text.find(before) + before.size();
  return text.substr(from, text.find(after, from) - from);
}

Page hostile_page() {
  Section section{.title = kHostile, .run = kHostile};
  section.blocks.push_back(paragraph(kHostile));
  return {.title = kHostile, .sections = {section}};
}

TEST(ReportPage, HoldsItsDataUnchangedAndWithoutAnyMarkup) {
  const std::string html = html_of(hostile_page());
  const std::string data =
      between(html, "<script type=\"application/json\" id=\"data\">", "</script>");
  EXPECT_THAT(data, Not(HasSubstr("<")));
  const Json read = Json::parse(data);
  EXPECT_EQ(read["title"], kHostile);
  EXPECT_EQ(read["sections"][0]["blocks"][0]["text"], kHostile);
}

TEST(ReportPage, HasItsTitleAsText) {
  EXPECT_EQ(between(html_of(hostile_page()), "<title>", "</title>"),
            "&lt;/script>&lt;b>\"{{data}}'&amp;amp;&lt;!--");
}

TEST(ReportPage, NamesNothingOutsideItself) {
  const std::string html = html_of({.title = "t", .sections = {}});
  const std::string head = html.substr(0, html.find("<script"));
  EXPECT_THAT(head, HasSubstr("default-src 'none'"));
  for (const char* reference : {"src=\"", "<link", "@import", "url("})
    EXPECT_THAT(head, Not(HasSubstr(reference))) << reference;
  EXPECT_LT(html.size(), 1'000'000u);
}

TEST(ReportPage, CarriesTheLicencesOfItsCharts) {
  EXPECT_THAT(html_of({.title = "t", .sections = {}}), HasSubstr("== vega/LICENSE"));
}

}  // namespace page_test
}  // namespace assay::tools::page
