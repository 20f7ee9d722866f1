// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/schema.h"
#include "memory/serial_memory.h"

namespace milliwatt::memory {

/// Read commands of a QSPI PSRAM: fewer dummy clocks serve a lower clock only.
enum class QspiRead : std::uint8_t {
  kFast,  ///< 0Bh
  kQuad,  ///< EBh
};

/// A pseudo-static RAM in QPI mode: command, address and data on four lines at one edge, 2 clocks
/// per byte; it refreshes itself while chip select is high, so that no opening may last longer than
/// `select_limit`. Left out: the half-sleep states and the toggling of the wrap. Defaults:
/// APS6404L.
struct QspiPsramConfig {
  std::int64_t size = 8 * 1024 * 1024;
  std::int64_t max_clock = 144'000'000;    ///< Hz
  std::int64_t fast_clock = 66'000'000;    ///< Hz, up to which 0Bh serves
  std::int64_t linear_clock = 84'000'000;  ///< Hz, up to which a burst may cross a page
  base::Cycles command = 2;
  base::Cycles address = 6;
  QspiRead read = QspiRead::kQuad;
  base::Cycles fast_dummy = 4;
  base::Cycles quad_dummy = 6;
  std::uint32_t page = 1024;          ///< bytes
  std::optional<std::uint32_t> wrap;  ///< bytes; none: linear
  base::Picoseconds select_limit = 8'000'000;
  base::Cycles deselect = 1;
  bool keep_selected = false;
};

base::Schema<QspiPsramConfig> qspi_psram_schema();
/// Throws UserError when the clock is too fast for the device or the read command, or a block is
/// impossible.
SerialRules serial_rules(const std::string& name, const QspiPsramConfig& config,
                         const base::Clock& clock);
BurstCost burst_cost(const QspiPsramConfig& config);

}  // namespace milliwatt::memory
