// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/counters.h"
#include "dataflows/schedule.h"

namespace milliwatt::shell {

/// Component class of every local buffer: actions read and write, one access of the bank's width.
base::ComponentClass buffer_class();
constexpr int kBufferRead = 0;
constexpr int kBufferWrite = 1;

/// "output_stage": requantize, one sum.
base::ComponentClass output_stage_class();
constexpr int kRequantize = 0;

/// "vector_unit": add_element and pool_tap.
base::ComponentClass vector_unit_class();
constexpr int kAddElement = 0;
constexpr int kPoolTap = 1;

/// "dma": burst and beat (of the engine's bus port).
base::ComponentClass dma_class();
constexpr int kDmaBurst = 0;
constexpr int kDmaBeat = 1;

/// "control": step and descriptor_byte.
base::ComponentClass control_class();
constexpr int kControlStep = 0;
constexpr int kDescriptorByte = 1;

/// The action counts of one engine. Whoever does the work counts it here: the shell for DMA, output
/// stage, vector unit and control, the machine for its own parts and for the buffer accesses of its
/// datapath. An estimate fills a second set from predictions.
struct EngineCounters {
  /// `engine`: instance name; components are named "<engine>.<part>".
  EngineCounters(const std::string& engine, const dataflows::EngineShape& shape,
                 const std::vector<base::Counters>& machine_parts);

  std::vector<base::Counters> buffers;  ///< by BufferId
  std::vector<base::Counters> machine;  ///< the machine's parts, in its own order
  base::Counters output_stage;
  base::Counters vector_unit;
  base::Counters dma;
  base::Counters control;
};

/// Accesses of a buffer's bank width that consecutive packed elements take: ceil(elements * bits /
/// width).
std::int64_t buffer_accesses(const dataflows::BufferShape& buffer, std::int64_t elements, int bits);

}  // namespace milliwatt::shell
