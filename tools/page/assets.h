#pragma once
// The files that make up the page, as they lay in tools/page/ when the binary was built.

#include <string_view>

namespace assay::tools::page {

std::string_view frame();     ///< page.html, with {{title}}, {{style}}, … where the rest goes
std::string_view style();     ///< page.css
std::string_view script();    ///< page.js and what it calls
std::string_view charting();  ///< Vega and Vega-Lite, minified
std::string_view licences();  ///< of these and what is bundled in them

}  // namespace assay::tools::page
