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

std::string Grid::line(const std::vector<std::string>& cells, std::size_t gap) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += std::string(i == 0 ? 0 : gap, ' ');
    text += columns_[i].left ? fmt::format("{:<{}}", cells[i], widths_[i])
                             : fmt::format("{:>{}}", cells[i], widths_[i]);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string Grid::text() const {
  const std::size_t cells = std::accumulate(widths_.begin(), widths_.end(), std::size_t{0});
  const std::size_t gaps = columns_.size() - 1;
  const std::size_t gap = cells + 2 * gaps <= max_width_ ? 2 : 1;
  std::vector<std::string> headers;
  std::vector<std::string> units;
  for (const GridColumn& column : columns_) {
    headers.push_back(column.header);
    units.push_back(column.unit);
  }
  const std::string rule = std::string(cells + gap * gaps, '-') + "\n";
  const bool has_units = std::any_of(units.begin(), units.end(),
                                     [](const std::string& unit) { return !unit.empty(); });
  std::string text = line(headers, gap) + (has_units ? line(units, gap) : "") + rule;
  for (const std::vector<std::string>& row : rows_) {
    text += row.empty() ? rule : line(row, gap);
  }
  return text;
}

}  // namespace milliwatt::sim
