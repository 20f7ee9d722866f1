// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "abi/descriptor.h"
#include "base/clock.h"
#include "dataflows/schedule.h"
#include "shell/machine.h"

namespace milliwatt::shell {

/// Parameters that every engine has, whatever its machine.
struct EngineConfig {
  std::string name = "engine";
  /// Which descriptors go to the machine (enum mw_machine); those of the vector unit need none.
  std::uint16_t machine = MW_MACHINE_TEST;
  /// Longest burst of a DMA channel, a power of two.
  std::uint32_t burst_bytes = 64;
  /// Width of a DMA channel's port on the bus, in which it counts its beats; a power of two.
  std::uint32_t bus_bytes = 8;
  /// From the arrival of a descriptor's last byte to the first step.
  base::Cycles decode_cycles = 16;
  /// Paid by every step at its beginning; the unit counts as busy.
  base::Cycles issue_cycles = 0;
  /// The machine is asked to run this far at a time. Changes no result.
  base::Cycles advance_cycles = Machine::kUnlimited;
  /// The buffer behind the memory window, where the engine has one.
  std::optional<dataflows::BufferId> window;
};

}  // namespace milliwatt::shell
