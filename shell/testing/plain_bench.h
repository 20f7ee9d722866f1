// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "shell/engine_core.h"

namespace milliwatt::shell::testing {

/// Memory as the bench's engine sees it: a burst is done `latency` after its offer, plus `per_byte`
/// for each byte, whatever else goes on.
struct BenchTiming {
  base::Picoseconds latency = 7'300;
  base::Picoseconds per_byte = 125;
};

/// A burst as it was offered.
struct BenchBurst {
  int channel = 0;
  base::Picoseconds offer = 0;
  base::Picoseconds done = 0;
  memory::Burst burst;
};

/// An engine, a memory at address 0 and a host in one loop over events, without SystemC.
class PlainBench : private EnginePort {
 public:
  PlainBench(const EngineConfig& config, const base::Clock& clock, Machine& machine,
             const BenchTiming& timing, std::size_t memory_bytes);

  /// Writes the registers that start the descriptor at `address`, all at `now`.
  void start(std::uint32_t address, std::uint32_t bytes, base::Picoseconds now);
  /// Runs until nothing is due, or nothing up to `limit`; returns the time of the last event.
  base::Picoseconds run(base::Picoseconds limit = kNever - 1);
  /// start() and run() at the current time, then acknowledges the interrupt.
  void run_descriptor(const void* descriptor, std::uint32_t bytes, std::uint32_t address);

  EngineCore& engine() { return engine_; }
  std::vector<std::uint8_t>& memory() { return memory_; }
  base::Picoseconds now() const { return now_; }
  const std::vector<BenchBurst>& bursts() const { return bursts_; }
  /// Times at which the interrupt line went up.
  const std::vector<base::Picoseconds>& interrupts() const { return interrupts_; }
  bool line() const { return line_; }
  /// Answers come before the engine's own events of the same time, or after.
  void answer_first(bool first) { answer_first_ = first; }

 private:
  struct Pending {
    bool waits = false;
    base::Picoseconds done = 0;
    memory::Burst burst;
    std::uint8_t* data = nullptr;
  };

  void issue(int channel, base::Picoseconds offer, const memory::Burst& burst,
             std::uint8_t* data) override;
  void interrupt(base::Picoseconds when, bool level) override;

  base::Picoseconds next_answer() const;
  void answer(base::Picoseconds now);

  BenchTiming timing_;
  std::vector<std::uint8_t> memory_;
  EngineCore engine_;
  std::vector<Pending> pending_;
  std::vector<BenchBurst> bursts_;
  std::vector<base::Picoseconds> interrupts_;
  bool line_ = false;
  bool answer_first_ = true;
  base::Picoseconds now_ = 0;
};

}  // namespace milliwatt::shell::testing
