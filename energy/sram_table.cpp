// SPDX-License-Identifier: Apache-2.0
#include "energy/sram_table.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"

namespace milliwatt::energy {
namespace {

constexpr std::array<const char*, kSramColumns> kColumnNames = {"read", "write", "leakage", "area"};

/// Whole numbers without a fraction, others with the digits they need.
std::string number_text(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text;
}

/// Place of `value` between `low` and `high`, 0 when they are the same.
double fraction(double low, double high, double value) {
  return high > low ? (value - low) / (high - low) : 0;
}

double mix(double a, double b, double fraction) { return (1 - fraction) * a + fraction * b; }

}  // namespace

const char* sram_column_name(SramColumn column) { return kColumnNames[static_cast<int>(column)]; }

std::optional<SramColumn> sram_column_of(const std::string& name) {
  for (int i = 0; i < kSramColumns; ++i) {
    if (name == kColumnNames[i]) {
      return static_cast<SramColumn>(i);
    }
  }
  return std::nullopt;
}

std::optional<SramName> sram_name_of(const std::string& name) {
  const std::size_t dot = std::min(name.find('.'), name.size());
  const std::string prefix = name.substr(0, dot);
  if (dot == name.size() || (prefix != "sram" && prefix != "smallest_sram")) {
    return std::nullopt;
  }
  return SramName{name.substr(dot + 1), prefix == "smallest_sram"};
}

Dimension dimension_of(SramColumn column) {
  switch (column) {
    case SramColumn::kRead:
    case SramColumn::kWrite:
      return Dimension::kEnergy;
    case SramColumn::kLeakage:
      return Dimension::kPower;
    case SramColumn::kArea:
      return Dimension::kArea;
  }
  throw base::InternalError("no such SRAM column");
}

std::string SramConditions::text() const {
  return std::to_string(node_nm) + " nm " + cell + " cells at " + std::to_string(temperature_k) +
         " K";
}

SramSurface::SramSurface(std::string name, const std::vector<SramPoint>& points)
    : name_(std::move(name)) {
  std::set<std::int64_t> sizes;
  std::set<std::int64_t> widths;
  for (const SramPoint& point : points) {
    sizes.insert(point.size_bytes);
    widths.insert(point.width_bits);
  }
  sizes_.assign(sizes.begin(), sizes.end());
  widths_.assign(widths.begin(), widths.end());
  values_.resize(sizes_.size() * widths_.size());
  std::set<std::size_t> filled;
  for (const SramPoint& point : points) {
    const auto row = std::lower_bound(sizes_.begin(), sizes_.end(), point.size_bytes);
    const auto column = std::lower_bound(widths_.begin(), widths_.end(), point.width_bits);
    const auto index = static_cast<std::size_t>(row - sizes_.begin()) * widths_.size() +
                       static_cast<std::size_t>(column - widths_.begin());
    const bool positive = std::all_of(point.values.begin(), point.values.end(),
                                      [](double v) { return v > 0 && std::isfinite(v); });
    if (!positive || !filled.insert(index).second) {
      throw base::UserError(name_ + ": the row of " + std::to_string(point.size_bytes) + " B x " +
                            std::to_string(point.width_bits) +
                            " bit is given twice or holds a value that is not positive");
    }
    values_[index] = point.values;
  }
  if (points.empty() || filled.size() != values_.size()) {
    throw base::UserError(name_ + ": not every size is given at every width (" +
                          std::to_string(filled.size()) + " of " + std::to_string(values_.size()) +
                          " rows)");
  }
}

std::optional<SramSurface::Bracket> SramSurface::bracket(const std::vector<std::int64_t>& grid,
                                                         double value) {
  if (!(value >= static_cast<double>(grid.front()) && value <= static_cast<double>(grid.back()))) {
    return std::nullopt;
  }
  const auto above =
      std::lower_bound(grid.begin(), grid.end(), value,
                       [](std::int64_t line, double v) { return static_cast<double>(line) < v; });
  const auto high = static_cast<std::size_t>(above - grid.begin());
  const auto high_line = static_cast<double>(grid[high]);
  if (high_line == value) {
    return Bracket{high, high, high_line, high_line};
  }
  const auto low_line = static_cast<double>(grid[high - 1]);
  return Bracket{high - 1, high, low_line, high_line};
}

double SramSurface::value(SramColumn column, std::size_t size, std::size_t width) const {
  return values_[size * widths_.size() + width][static_cast<std::size_t>(column)];
}

Range SramSurface::at(SramColumn column, double size_bytes, double width_bits) const {
  const auto size = bracket(sizes_, size_bytes);
  const auto width = bracket(widths_, width_bits);
  if (!size || !width) {
    throw base::UserError(
        name_ + ": a bank of " + number_text(size_bytes) + " B x " + number_text(width_bits) +
        " bit lies outside the table (" + std::to_string(sizes_.front()) + " .. " +
        std::to_string(sizes_.back()) + " B per bank, " + std::to_string(widths_.front()) + " .. " +
        std::to_string(widths_.back()) + " bit), which is never extrapolated; choose other banks");
  }
  const std::array<double, 4> corners = {
      value(column, size->low, width->low), value(column, size->low, width->high),
      value(column, size->high, width->low), value(column, size->high, width->high)};
  const auto [low, high] = std::minmax_element(corners.begin(), corners.end());
  if (*low == *high) {
    return {*low, *low, *low};
  }
  const double across = fraction(width->low_line, width->high_line, width_bits);
  const double small = mix(corners[0], corners[1], across);
  const double large = mix(corners[2], corners[3], across);
  const double along =
      fraction(std::log(size->low_line), std::log(size->high_line), std::log(size_bytes));
  const double nominal = std::exp(mix(std::log(small), std::log(large), along));
  return {*low, std::clamp(nominal, *low, *high), *high};
}

std::vector<SramConditions> SramTable::conditions() const {
  std::vector<SramConditions> all;
  for (const auto& [conditions, points] : groups_) {
    all.push_back(conditions);
  }
  return all;
}

std::vector<SramPoint> SramTable::points(const SramConditions& wanted) const {
  for (const auto& [conditions, points] : groups_) {
    if (conditions == wanted) {
      return points;
    }
  }
  return {};
}

SramSurface SramTable::select(const SramConditions& wanted) const {
  const std::vector<SramPoint> found = points(wanted);
  if (!found.empty()) {
    return SramSurface(name_ + " (" + wanted.text() + ")", found);
  }
  std::string available;
  for (const SramConditions& conditions : this->conditions()) {
    available += (available.empty() ? "" : ", ") + conditions.text();
  }
  throw base::UserError(name_ + " has no rows for " + wanted.text() + "; it has " + available);
}

}  // namespace milliwatt::energy
