// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "abi/descriptor.h"
#include "abi/registers.h"
#include "base/clock.h"
#include "shell/accounts.h"
#include "shell/dma_channel.h"
#include "shell/engine_config.h"
#include "shell/engine_counters.h"
#include "shell/engine_port.h"
#include "shell/machine.h"
#include "shell/outstanding_bursts.h"
#include "shell/schedule_runner.h"

namespace milliwatt::shell {

/// An engine, plain: the registers of abi/registers.h, the fetch and decoding of descriptors, the
/// execution of their schedules, the interrupt. It lives in its own clock: everything it does
/// happens at edges, and what comes from outside is seen at the next edge. Left out: the energy of
/// register accesses.
///
/// The descriptor is fetched through DMA channel 0 before any step runs. Bursts before the head has
/// arrived belong to no layer, later ones to the command's first layer.
///
/// A bad descriptor, a burst that no target takes, or a SimulationError of the machine ends the
/// command with MW_STATUS_ERROR, an interrupt, and the reason in fault().
class EngineCore {
 public:
  /// All must outlive the engine. Throws UserError when the burst length is not a power of two, or
  /// the machine has no DMA channel.
  EngineCore(const EngineConfig& config, const base::Clock& clock, Machine& machine,
             EnginePort& port);
  EngineCore(const EngineCore&) = delete;
  EngineCore& operator=(const EngineCore&) = delete;

  /// `now`: never before the last call's. Registers that do not exist read as 0; a write to them is
  /// lost. Throws SimulationError for a START while a command runs.
  void write_register(std::uint64_t offset, std::uint32_t value, base::Picoseconds now);
  std::uint32_t read_register(std::uint64_t offset) const;

  /// The burst of `channel` is answered at `when`; it may lie ahead. Engines see it at their next
  /// edge, and the channel offers its next burst there.
  void burst_done(int channel, base::Picoseconds when);

  /// When to call advance_to() next, if nothing comes from outside before.
  std::optional<base::Picoseconds> next_event() const;
  /// Does everything that is due up to and including `now`.
  void advance_to(base::Picoseconds now);

  /// Checks that every unit's accounts close when time ends at `now`, with no command running.
  void finish(base::Picoseconds now);

  bool busy() const { return phase_ != Phase::kIdle; }
  mw_status status() const { return status_; }
  /// Why the last command failed; empty when it did not.
  const std::string& fault() const { return fault_; }
  /// Registers, phase, bursts and queues by name, for the report of a stuck simulation.
  std::string describe_state() const;

  int channels() const { return runner_.channels(); }
  const std::string& name() const { return config_.name; }
  const base::Clock& clock() const { return clock_; }
  const EngineConfig& config() const { return config_; }
  Machine& machine() { return machine_; }
  LocalMemory& memory() { return runner_.memory(); }
  const EngineCounters& counters() const { return counters_; }
  const AccountBook& accounts() const { return runner_.accounts(); }
  const Timeline& timeline() const { return runner_.timeline(); }
  const std::vector<CommandSpan>& commands() const { return commands_; }
  /// One entry per operator of each command, in order.
  const std::vector<LayerSpan>& layers() const { return runner_.layers(); }

 private:
  enum class Phase { kIdle, kFetch, kDecode, kRun, kInterrupt };

  template <typename Action>
  void guard(base::Cycles at, Action&& action);
  void start(base::Picoseconds now);
  void continue_fetch(base::Cycles at);
  void decode();
  dataflows::Command decode_command(const mw_descriptor_head& head);
  mw_descriptor_head check_head() const;
  void process(base::Cycles now);
  void settle(base::Cycles now);
  void fail(base::Cycles at, const std::string& fault);
  base::Cycles next_cycle() const;
  std::uint64_t resolve(const mw_ref& place) const;
  std::string describe_bursts() const;

  EngineConfig config_;
  base::Clock clock_;
  Machine& machine_;
  OutstandingBursts bursts_;
  EngineCounters counters_;
  ScheduleRunner runner_;

  mw_status status_ = MW_STATUS_IDLE;
  bool interrupt_ = false;
  mw_ref descriptor_place_{};
  std::uint32_t descriptor_bytes_ = 0;
  RegionBases bases_;

  Phase phase_ = Phase::kIdle;
  base::Cycles event_ = kNever;  ///< end of the decoding, or the interrupt's edge
  std::vector<std::uint8_t> descriptor_;
  std::uint32_t fetched_ = 0;
  DmaChannel fetch_;
  std::string fault_;
  std::vector<CommandSpan> commands_;
};

}  // namespace milliwatt::shell
