// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dataflows/jobs.h"
#include "shell/accounts.h"
#include "shell/dma_channel.h"
#include "shell/engine_config.h"
#include "shell/engine_counters.h"
#include "shell/engine_port.h"
#include "shell/local_memory.h"
#include "shell/machine.h"
#include "shell/scoreboard.h"
#include "shell/step_counts.h"

namespace milliwatt::shell {

constexpr base::Cycles kNever = INT64_MAX;

/// Runs commands: starts the units' steps as the scoreboard allows and learns when they end, from
/// the machine, from the widths of the shared units, or from the memory system by burst_done().
/// Counts cycles of the engine's clock. Everything that tells mappings and machines apart is in the
/// schedule and in the machine.
class ScheduleRunner {
 public:
  /// All must outlive the runner.
  ScheduleRunner(const EngineConfig& config, const base::Clock& clock, Machine& machine,
                 EnginePort& port, EngineCounters& counters);

  /// Takes a command whose steps may start at cycle `at`; its operators are the layers from
  /// `first_layer` on. Throws SimulationError when the command makes no sense.
  void start(dataflows::Command command, std::int16_t first_layer, base::Cycles at);
  /// Cycle of the next event that does not depend on the memory system; kNever when there is none.
  base::Cycles next() const;
  /// Ends and starts steps up to and including cycle `to`, in the order of time. Throws
  /// SimulationError when the machine does, or when a step breaks its mapping's prediction.
  void advance(base::Cycles to);
  /// The channel's burst has been answered; the engine sees it at cycle `at`.
  void burst_done(int channel, base::Cycles at);
  bool finished() const { return scoreboard_.finished(); }

  /// Closes the accounts of a command at its end, or where it failed.
  void close(base::Cycles at);
  /// Nothing ran between the last close() or the beginning of time and `at`.
  void skip_to(base::Cycles at);

  int channels() const { return static_cast<int>(dma_units_.size()); }
  /// Steps done, running and waiting of every unit, with what they wait for.
  std::string describe() const;

  LocalMemory& memory() { return memory_; }
  StepCounts& counts() { return counts_; }
  const AccountBook& accounts() const { return accounts_; }
  const Timeline& timeline() const { return timeline_; }
  const std::vector<LayerSpan>& layers() const { return layers_; }

 private:
  struct Unit {
    dataflows::UnitKind kind = dataflows::UnitKind::kMachine;
    int channel = -1;
    base::Cycles begin = 0;       ///< of the running step
    base::Cycles event = kNever;  ///< the running step's end, or when to ask the machine again
    bool ends = false;
    base::Cycles accounted = 0;  ///< end of what the accounts cover
  };

  const dataflows::Step& step(dataflows::UnitId unit) const {
    return command_.schedule.steps[scoreboard_.head(unit)];
  }
  std::int16_t layer(const dataflows::Step& step) const {
    return static_cast<std::int16_t>(first_layer_ + step.op);
  }
  void process(base::Cycles now);
  void dispatch(dataflows::UnitId unit, const dataflows::Step& step);
  void start_ready(base::Cycles now);
  void begin(dataflows::UnitId unit, base::Cycles now);
  void begin_transfer(dataflows::UnitId unit);
  void continue_transfer(dataflows::UnitId unit, base::Cycles at);
  void run_machine(dataflows::UnitId unit, base::Cycles ran);
  void run_shared(dataflows::UnitId unit, base::Cycles cycles);
  void check_prediction(dataflows::UnitId unit, base::Cycles ran) const;
  void end_at(dataflows::UnitId unit, base::Cycles at);
  void finish(dataflows::UnitId unit);
  void finish_transfer(dataflows::UnitId unit);
  void note_busy(dataflows::UnitId unit, base::Cycles end);
  std::string describe_unit(dataflows::UnitId unit) const;

  const EngineConfig& config_;
  const base::Clock& clock_;
  Machine& machine_;
  EnginePort& port_;
  LocalMemory memory_;
  EngineCounters& counters_;
  Scoreboard scoreboard_;
  dataflows::Command command_;
  StepCounts counts_;
  std::int16_t first_layer_ = 0;
  std::vector<Unit> units_;
  std::vector<dataflows::UnitId> dma_units_;  ///< by channel
  std::vector<DmaChannel> dma_;
  AccountBook accounts_;
  Timeline timeline_;
  std::vector<LayerSpan> layers_;
  std::size_t first_span_ = 0;  ///< of the running command in layers_
};

}  // namespace milliwatt::shell
