#include "tools/table.h"

#include <algorithm>
#include <stdexcept>

#include "tools/heat.h"

namespace assay::tools {

void Table::add_row(std::vector<Cell> cells) {
  if (cells.size() != headings_.size()) {
    throw std::invalid_argument(
        fmt::format("a table of {} columns got a row of {} cells", headings_.size(), cells.size()));
  }
  for (Cell& cell : cells) cell.text = printable(one_line(std::move(cell.text)));
  rows_.push_back(std::move(cells));
}

std::vector<Table> Table::within(size_t width, size_t kept) const {
  const auto width_of = [&](size_t column) {
    size_t widest = columns(headings_[column].text);
    for (const auto& cells : rows_)
      if (!cells.empty()) widest = std::max(widest, columns(cells[column].text));
    return widest + 2;
  };
  size_t used = 0;
  for (size_t column = 0; column < kept; ++column) used += width_of(column);
  const size_t least = used;
  std::vector<std::vector<size_t>> parts;  // further columns of each table
  for (size_t column = kept; column < headings_.size(); ++column) {
    const bool fits = used + width_of(column) <= width + 2;  // no blanks behind the last
    if (parts.empty() || !fits) {
      parts.emplace_back();
      used = least;
    }
    parts.back().push_back(column);
    used += width_of(column);
  }
  std::vector<Table> tables;
  for (std::vector<size_t>& chosen : parts) {
    for (size_t column = kept; column-- > 0;) chosen.insert(chosen.begin(), column);
    const auto taken = [&](const auto& all) {
      std::decay_t<decltype(all)> some;
      for (const size_t column : chosen) some.push_back(all[column]);
      return some;
    };
    Table table(taken(headings_));
    for (const auto& cells : rows_) table.rows_.push_back(cells.empty() ? cells : taken(cells));
    tables.push_back(std::move(table));
  }
  return tables;
}

std::string Table::to_string(bool colour) const {
  std::vector<Cell> top;
  for (const Heading& heading : headings_) top.push_back({heading.text, Tone::Faint});
  std::vector<std::vector<Cell>> lines = {top};
  lines.insert(lines.end(), rows_.begin(), rows_.end());

  std::vector<size_t> widths(headings_.size());
  for (const auto& cells : lines) {
    for (size_t c = 0; c < cells.size(); ++c)
      if (cells[c].span == 1) widths[c] = std::max(widths[c], columns(cells[c].text));
  }
  const auto width_of = [&](size_t first, size_t span) {
    size_t width = 2 * (span - 1);
    for (size_t c = first; c < first + span; ++c) width += widths[c];
    return width;
  };
  for (const auto& cells : lines)
    for (size_t c = 0; c < cells.size(); ++c)
      if (const size_t room = width_of(c, cells[c].span); columns(cells[c].text) > room)
        widths[c + cells[c].span - 1] += columns(cells[c].text) - room;
  std::string text;
  for (const auto& cells : lines) {
    if (!text.empty()) text += '\n';
    size_t owed = 0;  // blanks before the next cell, dropped at the end of a line
    for (size_t c = 0; c < cells.size(); c += cells[c].span) {
      const size_t padding = width_of(c, cells[c].span) - columns(cells[c].text);
      const bool right = headings_[c].align == Align::Right && cells[c].span == 1;
      if (!cells[c].text.empty()) {
        text += std::string(owed + (right ? padding : 0), ' ');
        text += heated(painted(cells[c].text, cells[c].tone, colour), cells[c].heat, colour);
        owed = right ? 0 : padding;
      } else {
        owed += padding;
      }
      owed += 2;
    }
  }
  return text;
}

}  // namespace assay::tools
