// SPDX-License-Identifier: Apache-2.0
#include "sim/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

#include "base/diagnostics.h"
#include "base/error.h"
#include "sim/bundled.h"

namespace milliwatt::sim {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  const std::size_t end = text.find_last_not_of(" \t");
  return begin == std::string_view::npos ? "" : std::string(text.substr(begin, end - begin + 1));
}

/// Splits at commas outside brackets, braces and quotes.
std::vector<std::string> split_values(std::string_view text) {
  std::vector<std::string> values(1);
  char quote = '\0';
  int depth = 0;
  for (const char c : text) {
    if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      values.emplace_back();
      continue;
    }
    values.back() += c;
  }
  std::transform(values.begin(), values.end(), values.begin(),
                 [](const std::string& value) { return trimmed(value); });
  return values;
}

std::string first_repeated(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) {
      return name;
    }
  }
  return "";
}

/// The same file under two names is the same file.
std::string file_identity(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path real =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path), failed);
  return failed ? path : real.string();
}

void check_files(const char* what, const std::vector<std::string>& paths,
                 base::Diagnostics& faults) {
  if (paths.empty()) {
    faults.add(fmt::format("a sweep needs at least one {}", what));
  }
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    if (!seen.insert(file_identity(path)).second) {
      faults.add(fmt::format("the {} '{}' is given twice", what, path));
    }
  }
}

void check_keys(const std::vector<Axis>& axes, const std::vector<std::string>& settings,
                base::Diagnostics& faults) {
  std::vector<std::string> keys;
  for (const Axis& axis : axes) {
    keys.push_back(axis.key);
  }
  if (const std::string key = first_repeated(keys); !key.empty()) {
    faults.add(fmt::format("option '--vary': '{}' is varied twice", key));
  }
  for (const std::string& setting : settings) {
    const std::string key = trimmed(setting.substr(0, setting.find('=')));
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      faults.add(fmt::format("option '--set': '{}' is varied, so it cannot be set", key));
    }
  }
}

}  // namespace

Axis parse_axis(const std::string& text) {
  const std::size_t equals = text.find('=');
  Axis axis;
  axis.key = trimmed(text.substr(0, equals));
  if (equals == std::string::npos || axis.key.empty()) {
    throw base::UserError(fmt::format("option '--vary': '{}' is not KEY=VALUE,VALUE...", text));
  }
  axis.values = split_values(std::string_view(text).substr(equals + 1));
  if (std::find(axis.values.begin(), axis.values.end(), "") != axis.values.end()) {
    throw base::UserError(fmt::format("option '--vary': '{}' has an empty value", text));
  }
  if (const std::string twice = first_repeated(axis.values); !twice.empty()) {
    throw base::UserError(
        fmt::format("option '--vary': {} takes the value '{}' twice", axis.key, twice));
  }
  return axis;
}

PointSpace::PointSpace(std::vector<std::string> platforms, std::vector<std::string> networks,
                       std::vector<Axis> axes, std::vector<std::string> settings)
    : platforms_(std::move(platforms)),
      networks_(std::move(networks)),
      axes_(std::move(axes)),
      settings_(std::move(settings)) {
  base::Diagnostics faults;
  check_files("platform", platforms_, faults);
  check_files("network", networks_, faults);
  check_keys(axes_, settings_, faults);
  faults.throw_if_any();
  size_ = 1;
  std::vector<std::size_t> factors = {platforms_.size(), networks_.size()};
  for (const Axis& axis : axes_) {
    factors.push_back(axis.values.size());
  }
  for (const std::size_t factor : factors) {
    if (static_cast<std::int64_t>(factor) > kMost / size_) {
      throw base::UserError(fmt::format("the sweep has more than {} points", kMost));
    }
    size_ *= static_cast<std::int64_t>(factor);
  }
}

Point PointSpace::point(std::int64_t index) const {
  if (index < 0 || index >= size_) {
    throw base::InternalError(fmt::format("point {} of {}", index, size_));
  }
  Point point;
  point.index = index;
  point.values.resize(axes_.size());
  auto rest = static_cast<std::size_t>(index);
  for (std::size_t i = axes_.size(); i-- > 0;) {
    point.values[i] = axes_[i].values[rest % axes_[i].values.size()];
    rest /= axes_[i].values.size();
  }
  point.network = rest % networks_.size();
  point.platform = rest / networks_.size();
  return point;
}

std::vector<std::string> PointSpace::settings_of(const Point& point) const {
  std::vector<std::string> all = settings_;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    all.push_back(axes_[i].key + "=" + point.values[i]);
  }
  return all;
}

std::vector<std::string> PointSpace::key_columns() const {
  std::vector<std::string> names = {"point", "platform_file", "network_file"};
  for (const Axis& axis : axes_) {
    names.push_back(axis.key);
  }
  return names;
}

std::vector<std::string> PointSpace::key_cells(const Point& point) const {
  std::vector<std::string> cells = {std::to_string(point.index),
                                    file_label(platforms_[point.platform]),
                                    file_label(networks_[point.network])};
  cells.insert(cells.end(), point.values.begin(), point.values.end());
  return cells;
}

}  // namespace milliwatt::sim
