#pragma once
// Figures that C++ draws itself: text in HTML, so that it keeps its size and flows, and marks in
// SVG, placed in per cent of the room. Each can be saved as SVG and PNG (saving.js) and holds the
// data behind it as CSV.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tasks/page/html.h"

namespace assay::tasks::page {

/// The numbers behind a figure, unrounded; the first line names the columns.
using Csv = std::vector<std::vector<std::string>>;

/// @param name  of the files that are saved: `rows`. @param alt  what it shows, in words; empty
///   where its own elements say it.
Html figure(const std::string& name, const std::string& alt, const Html& body, const Html& caption,
            const Csv& csv);

/// One line of a bar chart.
struct Bar {
  std::string label;
  std::string value;  ///< beside the bar, in words
  double length = 0;  ///< of the axis, 0 to 1; anything beyond is cut
  struct Interval {
    double low = 0, high = 0;
  };
  std::optional<Interval> interval = {};  ///< likewise
  std::string tone = "";  ///< a class of page.css: `int`, `quiet`; empty: the network
};
Html bars(const std::vector<Bar>& bars);
/// The same upright, side by side, for an axis with many places: names stand below, as many as have
/// room; values are left to the figure's CSV. @param most  what the full length is, in words.
Html columns(const std::vector<Bar>& bars, const std::string& most);

/// Curves over one axis. Places are shares of the axes, 0 at the left and at the bottom.
struct Curves {
  struct Tick {
    double place = 0;
    std::string text;
  };
  struct Curve {
    std::string name;
    std::vector<std::pair<double, double>> points;  ///< a NaN ends a piece
    std::string tone = "";                          ///< as of bars
  };
  std::vector<Curve> all;
  std::vector<Tick> x, y;
  std::string x_says, y_says;  ///< what the axes are
};
Html curves(const Curves& curves);
/// Ticks at the powers of ten between two positive numbers; at these two where there are not two
/// such powers.
std::vector<Curves::Tick> decades(double low, double high);

/// Shares from 0 to 1 as the depth of a colour, row by row.
struct Heat {
  std::vector<std::string> rows = {}, columns = {};
  std::vector<std::vector<double>> shares = {};  ///< by row and column; NaN: nothing is there
  std::vector<std::vector<bool>> framed = {};
  std::string columns_say = "";  ///< over the columns, what they are
};
Html heat(const Heat& heat);

}  // namespace assay::tasks::page
