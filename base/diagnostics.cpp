// SPDX-License-Identifier: Apache-2.0
#include "base/diagnostics.h"

#include <utility>

#include "base/error.h"

namespace milliwatt::base {

std::string Place::text() const {
  std::string all = file;
  if (line > 0) {
    all += ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  if (!path.empty()) {
    all += (all.empty() ? "" : ": ") + path;
  }
  return all;
}

void Diagnostics::add(const Place& place, const std::string& message) {
  const std::string where = place.text();
  messages_.push_back(where.empty() ? message : where + ": " + message);
}

void Diagnostics::add(std::string message) { messages_.push_back(std::move(message)); }

void Diagnostics::throw_if_any() const {
  if (!messages_.empty()) {
    throw UserError(messages_);
  }
}

}  // namespace milliwatt::base
