// SPDX-License-Identifier: Apache-2.0
// The points of a sweep: which platforms, networks and keys are combined, in which order.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace milliwatt::sim {

/// A key of the platform file with the values it takes, e.g. accelerator.rows = 4, 8, 16.
struct Axis {
  std::string key;
  std::vector<std::string> values;
};

/// Reads `key=a,b,c`. A comma between brackets, braces or quotes belongs to the value. Throws
/// UserError for an empty key or value, or a value that is given twice.
Axis parse_axis(const std::string& text);

/// One combination; the indices are those of PointSpace.
struct Point {
  std::int64_t index = 0;
  std::size_t platform = 0;
  std::size_t network = 0;
  std::vector<std::string> values;  ///< one per axis
};

/// The cross product platforms x networks x values of each axis, in this order: the last axis turns
/// fastest. No point occurs twice.
class PointSpace {
 public:
  /// `settings` ("key=value") hold for every point. Throws UserError when a platform, a network, an
  /// axis or a setting occurs twice, when nothing is there to combine, or when there are more than
  /// kMost points.
  PointSpace(std::vector<std::string> platforms, std::vector<std::string> networks,
             std::vector<Axis> axes, std::vector<std::string> settings);

  static constexpr std::int64_t kMost = 10'000'000;

  std::int64_t size() const { return size_; }
  Point point(std::int64_t index) const;

  const std::vector<std::string>& platforms() const { return platforms_; }
  const std::vector<std::string>& networks() const { return networks_; }
  const std::vector<Axis>& axes() const { return axes_; }
  const std::vector<std::string>& settings() const { return settings_; }

  /// Every "key=value" of a point: the settings of all, then its own.
  std::vector<std::string> settings_of(const Point& point) const;

  /// Names of the columns that tell points apart, and their cells; files by their labels.
  std::vector<std::string> key_columns() const;
  std::vector<std::string> key_cells(const Point& point) const;

 private:
  std::vector<std::string> platforms_;
  std::vector<std::string> networks_;
  std::vector<Axis> axes_;
  std::vector<std::string> settings_;
  std::int64_t size_ = 0;
};

}  // namespace milliwatt::sim
