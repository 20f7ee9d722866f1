// SPDX-License-Identifier: Apache-2.0
// What the work of the shell's own units counts, without values: the shell and the estimate count
// with the same functions. Buffer accesses are those of consecutive packed elements, the whole
// job's at once.
#pragma once

#include <cstdint>
#include <vector>

#include "dataflows/jobs.h"
#include "dataflows/schedule.h"
#include "memory/burst.h"
#include "shell/engine_counters.h"

namespace milliwatt::shell {

/// Counts the steps of one command in an engine's counters.
class StepCounts {
 public:
  /// All must outlive the object. `slots` may change between calls.
  StepCounts(const dataflows::EngineShape& shape, const std::vector<dataflows::Slot>& slots,
             EngineCounters& counters)
      : shape_{shape}, slots_{slots}, counters_{counters} {}

  /// Every step.
  void step(std::int16_t layer) { counters_.control.add(kControlStep, layer); }
  /// pixels * channels sums; reads sums and table, writes outputs.
  void output(const dataflows::OutputJob& job, std::int16_t layer);
  /// Elements added, or window taps pooled; reads operands (every tap of every window again),
  /// writes outputs.
  void vector(const dataflows::VectorJob& job, std::int16_t layer);
  /// The slot's end of a load or store of `bytes` payload bytes.
  void load(dataflows::SlotId slot, std::uint64_t bytes, std::int16_t layer) {
    access(slot, kBufferWrite, static_cast<std::int64_t>(bytes), 8, layer);
  }
  void store(dataflows::SlotId slot, std::uint64_t bytes, std::int16_t layer) {
    access(slot, kBufferRead, static_cast<std::int64_t>(bytes), 8, layer);
  }
  /// The port's end: one burst, and the aligned words of `bus_bytes` that it touches.
  void burst(const memory::Burst& burst, std::uint32_t bus_bytes);
  /// A burst of the descriptor's fetch, which is one of the DMA's too.
  void descriptor(const memory::Burst& burst, std::uint32_t bus_bytes);

 private:
  void access(dataflows::SlotId slot, int action, std::int64_t elements, int bits,
              std::int16_t layer);

  const dataflows::EngineShape& shape_;
  const std::vector<dataflows::Slot>& slots_;
  EngineCounters& counters_;
};

}  // namespace milliwatt::shell
