// SPDX-License-Identifier: Apache-2.0
// Energy, leakage and area of SRAM banks from a table of CACTI runs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "energy/cost.h"

namespace milliwatt::energy {

/// What a row of the table gives for one bank: energy of one access of the full width, static
/// power (subthreshold plus gate leakage) and area.
enum class SramColumn : std::uint8_t { kRead, kWrite, kLeakage, kArea };
constexpr int kSramColumns = 4;
/// "read", "write", "leakage", "area".
const char* sram_column_name(SramColumn column);
std::optional<SramColumn> sram_column_of(const std::string& name);
Dimension dimension_of(SramColumn column);

/// What a formula means by "sram.read", a column at the component's own bank size, or by
/// "smallest_sram.read", the column at the smallest size of the table.
struct SramName {
  std::string column;
  bool smallest = false;
};
/// Nothing for names with another prefix.
std::optional<SramName> sram_name_of(const std::string& name);

/// Which rows of a table apply.
struct SramConditions {
  std::int64_t node_nm = 0;
  std::string cell;
  std::int64_t temperature_k = 0;

  /// "45 nm lstp cells at 300 K".
  std::string text() const;
  friend bool operator==(const SramConditions& a, const SramConditions& b) {
    return a.node_nm == b.node_nm && a.cell == b.cell && a.temperature_k == b.temperature_k;
  }
};

/// One bank as CACTI solved it; values in aJ, fW and nm^2.
struct SramPoint {
  std::int64_t size_bytes = 0;
  std::int64_t width_bits = 0;
  std::array<double, kSramColumns> values{};
};

/// The rows of one set of conditions: a complete grid of sizes and widths. Between grid points a
/// value is interpolated linearly in the width, because an access costs a fixed part and a part
/// per bit, and then linearly in the logarithms of size and value, because the curves are close to
/// powers of the size. Its bounds are the smallest and the largest of the surrounding grid points.
/// CACTI changes the partitioning of a bank in steps that no interpolation follows:
/// validation/energy measures the error. Never extrapolates.
class SramSurface {
 public:
  /// Throws UserError when `points` are no complete grid or hold a value that is not positive.
  SramSurface(std::string name, const std::vector<SramPoint>& points);

  /// For one bank of `size_bytes` read and written `width_bits` at a time. Throws UserError
  /// naming what was asked and the range of the table when outside it.
  Range at(SramColumn column, double size_bytes, double width_bits) const;

  const std::vector<std::int64_t>& sizes() const { return sizes_; }
  const std::vector<std::int64_t>& widths() const { return widths_; }

 private:
  /// Neighbouring grid lines; the same line twice when the value lies on one.
  struct Bracket {
    std::size_t low = 0;
    std::size_t high = 0;
    double low_line = 0;
    double high_line = 0;
  };

  static std::optional<Bracket> bracket(const std::vector<std::int64_t>& grid, double value);
  double value(SramColumn column, std::size_t size, std::size_t width) const;

  std::string name_;
  std::vector<std::int64_t> sizes_;
  std::vector<std::int64_t> widths_;
  /// Row major, sizes x widths.
  std::vector<std::array<double, kSramColumns>> values_;
};

/// A table file: any number of conditions.
class SramTable {
 public:
  /// CSV; configs/technologies/README.md describes the columns. Throws UserError with file:line.
  static SramTable load(const std::string& path);

  /// Throws UserError listing the conditions that the table has.
  SramSurface select(const SramConditions& wanted) const;
  /// In the order of the file.
  std::vector<SramConditions> conditions() const;
  /// Empty when the table lacks the conditions.
  std::vector<SramPoint> points(const SramConditions& wanted) const;

 private:
  std::string name_;
  std::vector<std::pair<SramConditions, std::vector<SramPoint>>> groups_;
};

}  // namespace milliwatt::energy
