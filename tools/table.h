#pragma once
// Tables with aligned columns.

#include <string>
#include <vector>

#include "tools/terminal.h"

namespace assay::tools {

struct Cell {
  std::string text;
  Tone tone = Tone::Plain;
  int heat = 0;     ///< ground of a score (heat.h)
  size_t span = 1;  ///< columns that the text takes, from the left; the others' cells are empty
};

enum class Align { Left, Right };
struct Heading {
  std::string text;
  Align align = Align::Right;
};

/// Columns are as wide as their widest cell and stand two blanks apart. Where a cell spans more
/// than they have room for, the last of them is wider.
class Table {
 public:
  explicit Table(std::vector<Heading> headings) : headings_(std::move(headings)) {}

  /// @throws std::invalid_argument unless there is one cell per heading.
  void add_row(std::vector<Cell> cells);
  void add_gap() { rows_.emplace_back(); }  ///< an empty line

  /// The same one under the other, in tables of `width` columns of text at most where that can be:
  /// the first `kept` columns stand in each. No cell may span several columns.
  std::vector<Table> within(size_t width, size_t kept) const;

  /// Lines joined by line feeds, without blanks at their ends.
  std::string to_string(bool colour) const;

 private:
  std::vector<Heading> headings_;
  std::vector<std::vector<Cell>> rows_;  // an empty one is a gap
};

}  // namespace assay::tools
