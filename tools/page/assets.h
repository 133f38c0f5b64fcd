#pragma once
// The files that make up the page, as they lay in tools/page/ when the binary was built.

#include <string_view>

namespace assay::tools::page {

std::string_view frame();   ///< page.html, with {{title}}, {{style}}, … where the rest goes
std::string_view style();   ///< page.css and records.css
std::string_view script();  ///< page.js and what it calls

}  // namespace assay::tools::page
