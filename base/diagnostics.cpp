// SPDX-License-Identifier: Apache-2.0
#include "base/diagnostics.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/error.h"

namespace milliwatt::base {

std::string Place::text() const {
  std::string all = file;
  if (line > 0) {
    all += ":" + std::to_string(line);
    all += column > 0 ? ":" + std::to_string(column) : "";
  }
  if (!path.empty()) {
    all += (all.empty() ? "" : ": ") + path;
  }
  return all;
}

void Diagnostics::add(const Place& place, const std::string& message) {
  const std::string where = place.text();
  messages_.push_back(where.empty() ? message : where + ": " + message);
  positions_.push_back({place.file, place.line, place.column});
}

void Diagnostics::add(std::string message) {
  messages_.push_back(std::move(message));
  positions_.emplace_back();
}

void Diagnostics::throw_if_any() const {
  if (messages_.empty()) {
    return;
  }
  std::map<std::string, std::size_t> files;
  for (const Position& position : positions_) {
    files.emplace(position.file, files.size());
  }
  std::vector<std::size_t> order(messages_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto key = [&](const Position& at) {
      return std::make_tuple(files.at(at.file), at.line, at.column);
    };
    return key(positions_[a]) < key(positions_[b]);
  });
  std::vector<std::string> sorted;
  for (const std::size_t i : order) {
    sorted.push_back(messages_[i]);
  }
  throw UserError(std::move(sorted));
}

}  // namespace milliwatt::base
