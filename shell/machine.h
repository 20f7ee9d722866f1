// SPDX-License-Identifier: Apache-2.0
// What a machine (a systolic array, a crossbar, a Verilated RTL model) is to the shell that runs
// it: a plain, resumable class without SystemC and without a notion of absolute time.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "dataflows/jobs.h"
#include "dataflows/schedule.h"
#include "shell/engine_counters.h"
#include "shell/local_memory.h"

namespace milliwatt::shell {

/// How compute steps are simulated; outputs, their cycles and all counters are equal.
enum class Detail : std::uint8_t {
  kValues,  ///< the coarsest step that still gives the exact answer
  kExact,   ///< every register of the machine is stepped every cycle
};

/// A result as it leaves the machine: the proof that kValues and kExact agree.
struct OutputEvent {
  std::uint32_t job = 0;   ///< Step::job of the compute step
  std::int32_t index = 0;  ///< position in the stream (systolic: output pixel of the tile)
  std::int32_t lane = 0;   ///< port (systolic: array column)
  std::int32_t value = 0;
  base::Cycles cycle = 0;  ///< since the step began; cycle n ends with the (n+1)th edge
};

/// Receives every output. Attaching one changes no count.
class OutputProbe {
 public:
  virtual ~OutputProbe() = default;
  virtual void output(const OutputEvent& event) = 0;
};

/// How far a machine's unit has come with its step.
struct Progress {
  base::Cycles ran = 0;  ///< cycles since begin(), at most what was allowed
  bool done = false;
};

/// Base addresses of the program's memory regions; a descriptor's references are region + offset.
using RegionBases = std::vector<std::uint64_t>;

class Machine {
 public:
  static constexpr base::Cycles kUnlimited = INT64_MAX;

  virtual ~Machine() = default;

  /// Units and buffers; constant over the machine's life.
  virtual const dataflows::EngineShape& shape() const = 0;

  /// Decodes the bytes of a descriptor (head included) and keeps its jobs until the next decode.
  /// Throws SimulationError when they make no sense.
  virtual dataflows::Command decode(const std::vector<std::uint8_t>& descriptor,
                                    const RegionBases& bases) = 0;

  /// Starts a kConfigure, kProgram or kCompute step of one of the machine's own units, for `layer`.
  /// Its operand slots are full and its output slots free. Actions are counted in `counters`, which
  /// outlives the step.
  virtual void begin(const dataflows::Step& step, std::int16_t layer, LocalMemory& memory,
                     EngineCounters& counters) = 0;

  /// Runs the unit's step until it is done or `limit` cycles after its begin. The outputs are in
  /// their slots when the step is done; a slot whose length depends on data gets it by
  /// LocalMemory::set_length.
  virtual Progress advance(dataflows::UnitId unit, base::Cycles limit) = 0;

  /// The counts that a step adds, without values (for estimates). The low and high ends differ
  /// only where the machine's work depends on data.
  virtual void predict(const dataflows::Step& step, std::int16_t layer, EngineCounters& low,
                       EngineCounters& high) const = 0;

  /// Zeroed counters of the machine's own parts (not the buffers): EngineCounters::machine.
  virtual std::vector<base::Counters> parts() const = 0;

  /// Optional observer of every output; nullptr detaches.
  virtual void attach(OutputProbe* probe) = 0;
};

}  // namespace milliwatt::shell
