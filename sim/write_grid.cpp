// SPDX-License-Identifier: Apache-2.0
#include "sim/write_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace milliwatt::sim {

Grid::Grid(std::vector<GridColumn> columns, std::size_t max_width)
    : columns_(std::move(columns)), max_width_(max_width) {
  for (const GridColumn& column : columns_) {
    widths_.push_back(std::max(column.header.size(), column.unit.size()));
  }
}

void Grid::add(std::vector<std::string> cells) {
  if (cells.size() != columns_.size()) {
    throw base::InternalError("a row of a table has another number of cells than its header");
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    widths_[i] = std::max(widths_[i], cells[i].size());
  }
  rows_.push_back(std::move(cells));
}

void Grid::rule() { rows_.emplace_back(); }

std::size_t Grid::Layout::total() const {
  return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

Grid::Layout Grid::layout() const {
  constexpr std::size_t kShortestName = 8;
  Layout layout{widths_};
  if (layout.total() > max_width_) {
    layout.gap = 1;
  }
  while (layout.total() > max_width_) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool candidate = columns_[i].left && layout.widths[i] > kShortestName;
      if (candidate && (widest == columns_.size() || layout.widths[i] > layout.widths[widest])) {
        widest = i;
      }
    }
    if (widest == columns_.size()) {
      break;
    }
    --layout.widths[widest];
  }
  return layout;
}

std::string Grid::line(const std::vector<std::string>& cells, const Layout& layout) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += std::string(i == 0 ? 0 : layout.gap, ' ');
    const std::size_t width = layout.widths[i];
    const std::string cell =
        cells[i].size() <= width ? cells[i] : cells[i].substr(0, width - 1) + "~";
    text +=
        columns_[i].left ? fmt::format("{:<{}}", cell, width) : fmt::format("{:>{}}", cell, width);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string Grid::text() const {
  const Layout print = layout();
  std::vector<std::string> headers;
  std::vector<std::string> units;
  for (const GridColumn& column : columns_) {
    headers.push_back(column.header);
    units.push_back(column.unit);
  }
  const std::string rule = std::string(print.total(), '-') + "\n";
  const bool has_units = std::any_of(units.begin(), units.end(),
                                     [](const std::string& unit) { return !unit.empty(); });
  std::string text = line(headers, print) + (has_units ? line(units, print) : "") + rule;
  for (const std::vector<std::string>& row : rows_) {
    text += row.empty() ? rule : line(row, print);
  }
  return text;
}

}  // namespace milliwatt::sim
