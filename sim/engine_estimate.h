// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "abi/command_list.h"
#include "abi/descriptor.h"
#include "dataflows/recurrence.h"
#include "shell/burst_walk.h"
#include "shell/engine_config.h"
#include "shell/engine_counters.h"
#include "shell/machine.h"
#include "sim/platform.h"
#include "sim/system.h"
#include "sim/timeline.h"

namespace milliwatt::sim {

/// Which end of an interval is walked.
enum class End : std::uint8_t { kLow, kHigh };

/// The configuration of the shell around a platform's machine.
shell::EngineConfig engine_config(const Platform& platform);
/// What a unit of this kind is busy with.
Cause cause_of(dataflows::UnitKind kind);

/// An engine as the estimate sees it: registers, descriptor fetch, and commands timed by the
/// recurrence over the same bus and memory cores. Counts what the shell and the machine would.
class EngineEstimate {
 public:
  /// `image` lies at the base of region kProgram.
  EngineEstimate(const Platform& platform, System& system, const Program& program, End end);

  void write_register(std::uint64_t offset, std::uint32_t value, base::Picoseconds t);
  /// When the interrupt of the last command rises.
  base::Picoseconds done() const { return done_; }

  const shell::EngineCounters& counters() const { return counters_; }
  const std::vector<Activity>& activities() const { return activities_; }
  /// One entry per operator of each command, in order.
  const std::vector<LayerSpan>& spans() const { return spans_; }
  /// False once a step was met whose time or work is not known exactly.
  bool exact() const { return exact_; }

 private:
  void run(base::Picoseconds t);
  void walk(const dataflows::Command& command, const mw_descriptor_head& head,
            base::Picoseconds start);
  std::vector<std::uint8_t> fetch(base::Cycles& at);
  dataflows::Command decode(const std::vector<std::uint8_t>& descriptor);
  base::Picoseconds step_end(const dataflows::Command& command, const dataflows::Step& step,
                             std::int16_t layer, base::Picoseconds start);
  base::Picoseconds move(const dataflows::Transfer& transfer, const dataflows::Step& step,
                         std::int16_t layer, base::Cycles at);
  base::Cycles run_bursts(shell::BurstWalk walk, memory::Burst burst, memory::InitiatorId port,
                          base::Cycles at);
  base::Cycles burst(memory::InitiatorId port, const memory::Burst& burst, base::Cycles at);
  memory::InitiatorId port_of(const dataflows::Step& step) const;
  void count(const dataflows::Command& command, const dataflows::Step& step, std::int16_t layer);
  std::uint64_t resolve(const mw_ref& place) const {
    return bases_.at(place.region) + place.offset;
  }

  System& system_;
  const Program& program_;
  End end_;
  shell::EngineConfig config_;
  std::unique_ptr<shell::Machine> machine_;
  shell::EngineCounters counters_;
  shell::EngineCounters other_end_;  ///< of predictions, not kept
  std::vector<dataflows::Slot> slots_;
  std::array<std::uint32_t, 3> descriptor_{};  ///< region, offset, bytes
  shell::RegionBases bases_;
  base::Picoseconds done_ = 0;
  bool exact_ = true;
  std::vector<Activity> activities_;
  std::vector<LayerSpan> spans_;
  std::vector<memory::InitiatorId> ports_;  ///< by unit; -1 where it is no DMA
};

}  // namespace milliwatt::sim
