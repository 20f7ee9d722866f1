// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "memory/external_core.h"
#include "memory/interconnect.h"
#include "memory/register_core.h"
#include "memory/sram.h"
#include "sim/platform.h"
#include "sim/program.h"

namespace milliwatt::sim {

/// The plain timing cores of a platform: what the TLM simulation and the estimate have in common.
/// Ranks of the bus: the host first, then the accelerator's DMA channels.
class System {
 public:
  System(const Platform& platform, const Program& program);
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  /// True when what a burst takes may depend on those before it or beside it.
  bool has_history() const {
    return sram.has_history() || external->has_history() || (flash && flash->has_history());
  }
  /// Every memory answers from now on with times of this case.
  void assume(memory::Case assumed);

  base::Clock host_clock;
  base::Clock engine_clock;
  memory::SramCore sram;
  std::unique_ptr<memory::ExternalCore> external;
  std::unique_ptr<memory::ExternalCore> flash;  ///< none on a platform without one
  /// Register window of the accelerator; none on a platform without one.
  std::unique_ptr<memory::RegisterCore> registers;
  memory::Interconnect bus;

  memory::InitiatorId host_port = 0;
  std::vector<memory::InitiatorId> dma_ports;
  memory::TargetId sram_link = 0;
  memory::TargetId external_link = 0;
  memory::TargetId flash_link = -1;
  memory::TargetId register_link = -1;
};

/// Name of the accelerator in counters and reports.
constexpr const char* kAcceleratorName = "accelerator";

/// DMA channels of an engine of this shape.
int dma_channels(const dataflows::EngineShape& shape);

}  // namespace milliwatt::sim
