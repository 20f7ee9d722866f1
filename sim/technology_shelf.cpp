// SPDX-License-Identifier: Apache-2.0
#include "sim/technology_shelf.h"

#include <fmt/format.h>

#include <utility>

namespace milliwatt::sim {
namespace {

/// Every condition, an absent one as -1 or nothing.
std::string key_of(const std::string& path, const energy::ConditionOverrides& overrides) {
  return fmt::format("{},{},{},{},{}", overrides.node_nm.value_or(-1),
                     overrides.voltage_mv.value_or(-1), overrides.temperature_k.value_or(-1),
                     overrides.cell.value_or(""), path);
}

}  // namespace

std::shared_ptr<const energy::Technology> TechnologyShelf::get(
    const std::string& path, const energy::ConditionOverrides& overrides) {
  std::shared_ptr<const energy::Technology>& slot = technologies_[key_of(path, overrides)];
  if (!slot) {
    slot = std::make_shared<energy::Technology>(energy::Technology::load(path, overrides));
  }
  return slot;
}

}  // namespace milliwatt::sim
