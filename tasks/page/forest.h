#pragma once
// Forest plots: a line for each method, a dot with its interval on one axis, the numbers beside it.
// Text is HTML and marks are SVG in per cent, as in all figures (figure.h).

#include <optional>
#include <string>
#include <vector>

#include "tasks/page/figure.h"

namespace assay::tasks::page {

struct Axis {
  double low = 0, high = 1;
  std::vector<double> ticks = {};
  bool logarithmic = false;
  bool percent = false;  ///< ticks are shares, written in per cent

  /// 0 to 1, at an end for anything beyond it.
  double place_of(double value) const;
};
/// An axis with round ticks on which all these values lie; NaN and infinities are left out.
/// Logarithmic where positive values differ by more than two powers of ten.
Axis axis_of(const std::vector<double>& values);

struct Forest {
  struct Line {
    std::string name;
    std::string value;                       ///< beside the marks, in bold
    std::string under = "";                  ///< after it, in plain
    std::optional<double> at = {};           ///< the dot; none: there is nothing to show
    std::optional<Bar::Interval> span = {};  ///< of the dot
    bool hollow = false;
    std::string tone = "";  ///< a class of records.css: `int`, `quiet`; empty: the network
  };
  std::string says;  ///< what the marks are, as a heading
  std::vector<Line> lines;
  Axis axis;
  std::optional<Bar::Interval> band = {};  ///< shaded, such as what chance reaches
  std::optional<double> zero = {};         ///< a line across, such as no difference
};
Html forest(const Forest& forest);

}  // namespace assay::tasks::page
