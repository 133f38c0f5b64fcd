#include "tools/page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasks/page/html.h"

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
  section.blocks.push_back(table(kHostile, {{kHostile}}, {{cell(kHostile, Tone::Bad, kHostile)}}));
  section.blocks.push_back(
      tasks::page::block(tasks::page::tag("p", {{"title", kHostile}}, kHostile)));
  return {.title = kHostile, .sections = {section}, .heading = kHostile, .stand = kHostile};
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++count;
  return count;
}

TEST(ReportPage, WritesTextsAsTextsWhateverTheySay) {
  const std::string html = html_of(hostile_page());
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_EQ(html.find("<!--"), std::string::npos);
  EXPECT_EQ(count_of(html, "</script>"), 1u);  // the page's own, and nobody else's
  EXPECT_EQ(between(html, "<title>", "</title>"),
            "&lt;/script&gt;&lt;b&gt;&quot;{{data}}'&amp;amp;&lt;!--");
}

TEST(ReportPage, NamesNothingOutsideItself) {
  const std::string html = html_of({.title = "t", .sections = {}});
  const std::string head = html.substr(0, html.find("<body"));
  EXPECT_THAT(head, HasSubstr("default-src 'none'"));
  for (const char* reference : {"src=\"", "href=\"http", "@import", "url("})
    EXPECT_THAT(head, Not(HasSubstr(reference))) << reference;
}

TEST(ReportPage, AllowsNoScriptAndNoStyleButItsOwn) {
  const std::string policy = between(html_of({.title = "t", .sections = {}}),
                                     "Content-Security-Policy\" content=\"", "\"");
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(policy, HasSubstr("script-src 'sha256-"));
  EXPECT_THAT(policy, HasSubstr("style-src 'sha256-"));
}

TEST(ReportPage, IsLight) {
  EXPECT_LT(html_of({.title = "t", .sections = {}}).size(), 60'000u);
}

TEST(ReportPage, RefusesABlockThatNobodyKnows) {
  Section section{.title = "t", .run = {}};
  section.blocks.push_back({{"type", "surprise"}});
  EXPECT_THROW(html_of({.title = "t", .sections = {section}}), std::runtime_error);
}

}  // namespace page_test
}  // namespace assay::tools::page
