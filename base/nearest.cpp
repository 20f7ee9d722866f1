// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <algorithm>
#include <cctype>

namespace milliwatt::base {
namespace {

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  const int rows = static_cast<int>(a.size()) + 1;
  const int columns = static_cast<int>(b.size()) + 1;
  std::vector<std::vector<int>> cost(rows, std::vector<int>(columns));
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const int replace = cost[i - 1][j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
      cost[i][j] = std::min({replace, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1])) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[rows - 1][columns - 1];
}

std::optional<std::string> nearest_name(std::string_view wanted,
                                        const std::vector<std::string>& names) {
  constexpr std::size_t kLongestName = 200;
  if (wanted.empty() || wanted.size() > kLongestName) {
    return std::nullopt;
  }
  std::optional<std::string> best;
  int best_distance = 0;
  for (const std::string& name : names) {
    const int distance = edit_distance(wanted, name);
    const int length = static_cast<int>(name.size());
    const int most = length < 4 ? 1 : std::max(2, length / 3);
    const bool near = distance <= most && distance < length;
    if (near && (!best || distance < best_distance)) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names) {
  const auto name = nearest_name(wanted, names);
  return name ? "; did you mean '" + *name + "'?" : "";
}

std::string suggestion(std::string_view wanted, const std::vector<std::string>& names) {
  const std::string nearest = did_you_mean(wanted, names);
  std::string all = nearest.empty() ? "." : nearest;
  std::string separator = " Allowed: ";
  for (const std::string& name : names) {
    all += separator + name;
    separator = ", ";
  }
  return all;
}

}  // namespace milliwatt::base
