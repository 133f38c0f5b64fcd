#pragma once
// The report page: one HTML file that needs nothing else, neither a network nor another file.
//
// C++ says what is shown, as data (blocks.h); page.js shows it. Page, style and script are the
// files page.html, *.css and *.js beside this one, which assets.S puts into the binary.

#include <string>
#include <vector>

#include "tools/page/blocks.h"

namespace assay::tools::page {

/// A part of the page under a heading of its own.
struct Section {
  std::string title;
  std::string run;  ///< whose it is, shown where the page is about several
  Json blocks = Json::array();
};

struct Page {
  std::string title;
  std::vector<Section> sections;
};

/// The whole page. Whatever a text says, it stays text: nothing in `page` can become markup.
std::string html_of(const Page& page);

}  // namespace assay::tools::page
