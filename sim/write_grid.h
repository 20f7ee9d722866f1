// SPDX-License-Identifier: Apache-2.0
// Aligned columns of text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace milliwatt::sim {

/// A column under a header of two lines; numbers align right, names left.
struct GridColumn {
  std::string header;
  std::string unit;
  bool left = false;
};

/// A table of text for a fixed-pitch font. When it would be wider than `max_width`, the gaps
/// between the columns shrink from two blanks to one; cells are never cut.
class Grid {
 public:
  explicit Grid(std::vector<GridColumn> columns, std::size_t max_width = 120);

  /// One cell per column.
  void add(std::vector<std::string> cells);
  /// A line of dashes below the last row.
  void rule();

  std::string text() const;

 private:
  /// How wide the columns and the gaps between them are printed.
  struct Layout {
    std::vector<std::size_t> widths;
    std::size_t gap = 2;

    std::size_t total() const;
  };
  Layout layout() const;
  std::string line(const std::vector<std::string>& cells, const Layout& layout) const;

  std::vector<GridColumn> columns_;
  std::size_t max_width_;
  std::vector<std::vector<std::string>> rows_;  // a rule is an empty row
  std::vector<std::size_t> widths_;
};

}  // namespace milliwatt::sim
