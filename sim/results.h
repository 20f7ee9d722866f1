// SPDX-License-Identifier: Apache-2.0
// What a run gives: plain data that writers turn into tables and files. Counts are integers;
// cycles are those of the platform's system clock; energies are integer attojoules.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "base/traffic.h"
#include "energy/pricing.h"
#include "energy/report.h"
#include "sim/dataset_result.h"
#include "workloads/graph.h"
#include "workloads/summary.h"

namespace milliwatt::sim {

/// How a run was made.
enum class Level : std::uint8_t { kEstimate, kValues, kExact };
const char* level_name(Level level);

/// What a cycle of a layer went to. Every cycle has one cause: the first of this list that was
/// active. A wait for memory while the array works is hidden and costs nothing.
enum class Cause : std::uint8_t {
  kCompute,  ///< the machine (array) works
  kVector,   ///< output stage or vector unit works
  kMemory,   ///< a DMA channel moves data and nothing of the above works
  kHost,     ///< the host computes or moves data for a software kernel
  kControl,  ///< everything else: commands, descriptor fetch, interrupts, bus turnaround
};
constexpr int kCauses = 5;
/// "compute", "vector", "memory", "host", "control".
const char* cause_name(Cause cause);

/// A number known to lie in [low, high]; equal unless an estimate cannot know better.
struct Interval {
  std::int64_t low = 0;
  std::int64_t high = 0;
  bool exact() const { return low == high; }
};

/// Bytes that a memory served, by tensor class.
struct MemoryTraffic {
  std::string memory;  ///< "sram", "external", ...
  bool off_chip = false;
  std::array<std::int64_t, base::kTensorClasses> read{};
  std::array<std::int64_t, base::kTensorClasses> written{};

  std::int64_t total_read() const;
  std::int64_t total_written() const;
};

/// Sparsity of a layer's data: a zero is an element that equals its zero point. No elements where
/// there are none or, as of an estimate's activations, nobody knows their values.
struct LayerZeros {
  workloads::ZeroCount weights;
  workloads::ZeroCount inputs;   ///< all operands but constants and states
  workloads::ZeroCount outputs;  ///< all outputs
};

struct LayerResult {
  int index = 0;
  std::string name;
  std::string kind;     ///< "conv2d", ...
  std::string runner;   ///< engine's name, "host" or "none" (the output shares the input's bytes)
  std::string mapping;  ///< one line, empty for "none"
  std::string reason;   ///< why no engine runs it, when the host does
  std::string output_shape;  ///< "1x32x32x16"
  /// The layer's window: from where it is the oldest that is not finished to where the next one is.
  std::int64_t start_cycle = 0;
  std::int64_t end_cycle = 0;
  /// From its first step on an engine to the end of its last. Where one command runs several layers
  /// these overlap and begin before the window. Equal to the window where no engine ran.
  std::int64_t span_start_cycle = 0;
  std::int64_t span_end_cycle = 0;
  /// end - start. Of an estimate both ends, as the two walks give them: they sum to the two totals,
  /// of which alone it is said that the truth lies between.
  Interval cycles;
  std::array<std::int64_t, kCauses> cycles_by_cause{};  ///< sums to cycles.low
  std::int64_t macs = 0;
  std::int64_t peak_macs_per_cycle = 0;  ///< of the engine; 0 on the host
  std::vector<MemoryTraffic> traffic;    ///< one entry per memory of the platform
  std::int64_t compulsory_offchip_bytes = 0;
  energy::Bounds dynamic_energy;
  energy::Bounds static_energy;
  LayerZeros zeros;

  /// MACs per cycle over the engine's best; 0 where there is no engine.
  double utilisation() const;
  std::int64_t offchip_bytes() const;
  /// MACs per byte of all memory traffic; 0 without traffic.
  double arithmetic_intensity() const;
  /// The cause with the most cycles ("compute" wins ties, then the order of Cause).
  Cause bound_by() const;
};

/// Busy, stalled and idle cycles of one unit, in cycles of its clock. They sum to the total.
struct UnitResult {
  std::string unit;
  std::int64_t busy = 0;
  std::vector<std::pair<std::string, std::int64_t>> stalls;  ///< by cause
  std::int64_t idle = 0;
  std::int64_t total = 0;
};

struct TensorResult {
  int id = 0;
  std::string name;
  std::string type;
  std::vector<std::int32_t> shape;
  std::string digest;               ///< base/digest.h of the stored bytes
  std::vector<std::uint8_t> bytes;  ///< empty for estimates
  bool output = false;              ///< of the network
  /// real = scale * (stored - zero_point); 0 where it is not quantized with one scale.
  float scale = 0;
  std::int32_t zero_point = 0;
};

/// The sums of products and bias of one operator as they go into its requantization, in the order
/// and shape of its output.
struct AccumulatorResult {
  int tensor = 0;  ///< the output
  std::string name;
  std::string type;  ///< "int32" or "int64"
  std::vector<std::int32_t> shape;
  std::vector<std::uint8_t> bytes;
};

/// What a run knows of the values of one invocation.
struct InvocationTensors {
  std::vector<TensorResult> tensors;
  /// From the reference kernels, whose outputs are those of the simulation by comparison; empty
  /// unless RunOptions::dump asks for them.
  std::vector<AccumulatorResult> accumulators;
};

/// Outcome of the comparison with the reference kernels.
struct CheckResult {
  bool done = false;         ///< false: --no-check or an estimate
  std::int64_t tensors = 0;  ///< compared, each once for every invocation
  std::int64_t bytes = 0;    ///< compared
};

/// One invocation of a sequence.
struct InvocationResult {
  /// In cycles since the first one began. Of an estimate the two ends.
  Interval start_cycle;
  Interval end_cycle;
  Interval cycles;  ///< end - start at each end
  energy::Bounds energy;
  std::int64_t offchip_bytes = 0;
  /// Counts without their layers, and the time, from which the energy can be priced again.
  std::vector<energy::CountRow> counts;
  base::Picoseconds time = 0;
  /// The network's outputs; with RunOptions::dump every tensor.
  InvocationTensors values;
};

/// Several invocations in a row without a pause: states and what memories remember live on, and no
/// two overlap.
struct SequenceResult {
  std::string inputs;  ///< where they come from
  std::vector<InvocationResult> invocations;

  Interval cycles() const;
  energy::Bounds energy() const;
  std::int64_t offchip_bytes() const;
  /// Inferences per second from the end of the first to the end of the last, at the lower end of an
  /// estimate; 0 for a sequence of one.
  double steady_inferences_per_s(std::int64_t clock_hz) const;
};

/// Of a sequence: the last invocation, which is the one that is nearest to the steady state; only
/// `check` and `units` are about all of them.
struct RunResult {
  std::string platform;
  std::string network;
  std::string version;  ///< of milliwatt
  Level level = Level::kValues;
  workloads::WeightsOrigin weights = workloads::WeightsOrigin::kFile;
  std::string technology;
  std::int64_t system_clock_hz = 0;

  Interval cycles;                ///< of one inference (invoke section)
  std::int64_t setup_cycles = 0;  ///< of the set-up section, once
  std::vector<LayerResult> layers;
  /// Cycles, traffic and energy that belong to no layer (set-up, command list, host between
  /// layers).
  LayerResult system;
  std::vector<UnitResult> units;  ///< from power-up to the end
  std::vector<TensorResult> tensors;
  std::vector<AccumulatorResult> accumulators;  ///< as in InvocationTensors
  base::ActionCounts counts;
  energy::EnergyReport energy;
  energy::AreaReport area;
  CheckResult check;
  std::vector<std::string> notes;          ///< of the prices
  std::vector<std::string> network_notes;  ///< of how the network's file was understood
  std::string effective_configuration;     ///< YAML that reproduces the run
  std::string plan;                        ///< memory and mapping plan as text
  std::string plan_file;                   ///< the same as YAML that reproduces it
  /// Of a run over a data set; all else is that of its first image.
  std::optional<DatasetResult> dataset;
  /// Of a run of two or more invocations.
  std::optional<SequenceResult> sequence;

  std::int64_t macs() const;
  std::int64_t offchip_bytes() const;
  std::int64_t compulsory_offchip_bytes() const;
  double latency_ms() const;        ///< cycles.low at the system clock
  double energy_uj() const;         ///< dynamic and static, nominal
  double average_power_mw() const;  ///< energy over latency
  double inferences_per_s() const;
  double tops_per_watt() const;  ///< 2 * MACs / energy
  double edp_uj_ms() const;      ///< energy-delay product
};

}  // namespace milliwatt::sim
