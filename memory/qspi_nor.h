// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/schema.h"
#include "memory/serial_memory.h"

namespace milliwatt::memory {

/// A quad-SPI NOR flash that is executed in place: fast read quad I/O (EBh), address and data on
/// four lines at one edge, 2 clocks per byte. It cannot be written here: to program a page takes
/// milliseconds and is no part of an inference. Defaults: W25Q128.
struct QspiNorConfig {
  std::int64_t size = 16 * 1024 * 1024;
  std::int64_t max_clock = 133'000'000;  ///< Hz
  base::Cycles command = 8;              ///< on one line; with continuous read only the first time
  base::Cycles address = 6;
  base::Cycles mode = 2;
  base::Cycles dummy = 4;
  bool continuous_read = true;
  std::optional<std::uint32_t> wrap;  ///< bytes; none: linear
  base::Cycles deselect = 1;
  bool keep_selected = false;
};

base::Schema<QspiNorConfig> qspi_nor_schema();
/// Throws UserError when the clock is too fast or the wrap impossible.
SerialRules serial_rules(const std::string& name, const QspiNorConfig& config,
                         const base::Clock& clock);
BurstCost burst_cost(const QspiNorConfig& config);

}  // namespace milliwatt::memory
