// SPDX-License-Identifier: Apache-2.0
#include "sim/platform_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "sim/prepare.h"

namespace milliwatt::sim {
namespace {

using base::Diagnostics;
using base::Unit;
using base::YamlNode;

/// The message without the instance that the place names already.
std::string without_prefix(const std::string& message, const std::string& prefix) {
  return message.rfind(prefix, 0) == 0 ? message.substr(prefix.size()) : message;
}

std::string bytes_text(std::int64_t value) { return base::print_integer(value, Unit::kBytes); }

/// The bus has so many addresses for a memory.
void check_room(const YamlNode& root, const std::string& name, std::int64_t size,
                std::uint64_t first, std::uint64_t end, Diagnostics& faults) {
  const auto room = static_cast<std::int64_t>(end - first);
  if (size > room) {
    faults.add(place_of(root, "memory." + name + ".size"),
               fmt::format("{} are more than the {} for which the bus has addresses",
                           bytes_text(size), bytes_text(room)));
  }
}

void check_memory(const YamlNode& root, const memory::ExternalConfig& config,
                  const std::string& name, const base::Clock& clock, Diagnostics& faults) {
  try {
    config.build(name, clock);
  } catch (const base::UserError& error) {
    for (const std::string& message : error.messages()) {
      faults.add(place_of(root, "memory." + name), without_prefix(message, name + ": "));
    }
  }
}

bool is_memory(const std::string& component) {
  return component == "sram" || component == "external" || component == "flash";
}

/// Where the file describes a component of the report: memory.sram for "sram", the key of its own
/// that "accelerator.input_buffer" has, accelerator for "accelerator.dma".
base::Place place_of_component(const YamlNode& root, const std::string& component) {
  const std::string path = is_memory(component) ? "memory." + component : component;
  base::Place place = place_of(root, path);
  const std::size_t last = path.rfind('.');
  const YamlNode* part = root.find(path.substr(0, last));
  if (last != std::string::npos && !is_memory(component) &&
      (part == nullptr || part->find(path.substr(last + 1)) == nullptr)) {
    place.path = path.substr(0, last);
  }
  return place;
}

}  // namespace

base::Place place_of(const YamlNode& root, const std::string& path) {
  const YamlNode* node = &root;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const YamlNode* child = node->find(path.substr(begin, end - begin));
    if (child == nullptr) {
      break;
    }
    node = child;
    begin = end + 1;
  }
  base::Place place = node->place;
  place.path = path;
  return place;
}

void check_clocks(const YamlNode& root, const ClockConfig& clocks, Diagnostics& faults) {
  const YamlNode* memory = root.find("memory");
  const auto check = [&](const char* key, bool given, const YamlNode* part, const char* name) {
    if (given && part == nullptr) {
      faults.add(place_of(root, std::string{"clocks."} + key),
                 fmt::format("there is no {} that this clock could drive", name));
    }
  };
  check("flash", clocks.flash.has_value(), memory != nullptr ? memory->find("flash") : nullptr,
        "memory.flash");
  check("accelerator", clocks.accelerator.has_value(), root.find("accelerator"), "accelerator");
}

void check_sram(const YamlNode& root, const Platform& platform, Diagnostics& faults) {
  const memory::SramConfig& sram = platform.sram;
  const AddressMap map;
  check_room(root, "sram", sram.size, map.sram, map.engines, faults);
  const std::int64_t step = std::int64_t{sram.width_bytes} * sram.banks;
  if (sram.size % step == 0) {
    return;
  }
  const std::int64_t below = sram.size / step * step;
  faults.add(
      place_of(root, "memory.sram.size"),
      fmt::format("{} is no multiple of width x banks, {} x {} = {}; the nearest are {}{}",
                  bytes_text(sram.size), bytes_text(sram.width_bytes), sram.banks, bytes_text(step),
                  below > 0 ? bytes_text(below) + " and " : "", bytes_text(below + step)));
}

void check_external_memories(const YamlNode& root, const Platform& platform, Diagnostics& faults) {
  constexpr std::uint64_t kEndOfAddresses = std::uint64_t{1} << 32;
  const ClockConfig& clocks = platform.clocks;
  const AddressMap map;
  if (platform.external) {
    check_room(root, "external", platform.external->size(), map.external, map.flash, faults);
    check_memory(root, *platform.external, "external", platform.clock("external", clocks.external),
                 faults);
  }
  if (platform.flash) {
    check_room(root, "flash", platform.flash->size(), map.flash, kEndOfAddresses, faults);
    check_memory(root, *platform.flash, "flash", platform.clock("flash", clocks.flash), faults);
  }
}

void check_prices(const YamlNode& root, const Platform& platform, Diagnostics& faults) {
  for (const energy::Component& component : components_of(platform)) {
    try {
      energy::resolve(*platform.technology, {component});
    } catch (const base::UserError& error) {
      for (const std::string& message : error.messages()) {
        faults.add(place_of_component(root, component.name),
                   is_memory(component.name)
                       ? without_prefix(message, "component '" + component.name + "': ")
                       : message);
      }
    }
  }
}

}  // namespace milliwatt::sim
