#include "tools/heat.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "tools/terminal.h"

namespace assay::tools {
namespace {

/// Of the 256-colour palette: ground, and black or white for the text on it.
struct Shade {
  int ground, text;
};
constexpr std::array<Shade, kMostHeat> kFor = {{{153, 16}, {111, 16}, {69, 16}, {26, 231}}};
constexpr std::array<Shade, kMostHeat> kAgainst = {{{223, 16}, {216, 16}, {209, 16}, {166, 16}}};

}  // namespace

int heat_of(double score, double largest) {
  return largest > 0 && !std::isnan(score)
             ? static_cast<int>(std::lround(kMostHeat * score / largest))
             : 0;
}

std::string heated(std::string_view text, int heat, bool colour) {
  if (!colour || heat == 0) return std::string(text);
  const Shade shade = heat > 0 ? kFor.at(heat - 1) : kAgainst.at(-heat - 1);
  return fmt::format("{}{}{}", styling(fmt::format("48;5;{};38;5;{}", shade.ground, shade.text)),
                     text, styling("0"));
}

}  // namespace assay::tools
