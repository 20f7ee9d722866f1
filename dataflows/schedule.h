// SPDX-License-Identifier: Apache-2.0
// A schedule: what one command makes an engine do, as a sequential program of steps over slots of
// its local buffers. Everything that is special about a mapping (double buffering, reuse, resident
// weights, fusion) is in the order of the steps and in the slots they name; whoever executes a
// schedule knows only the rules below.
//
//   * Each step belongs to one unit. A unit runs its steps in schedule order, one at a time.
//   * A step that reads a slot starts when the last earlier step that writes it has ended (the slot
//     is full). A step that writes a slot starts when every earlier step that reads or writes it
//     has ended (the slot is free). Overlapping slots of a buffer count as the same slot.
//   * Nothing else delays a step. A slot of zero bytes is a token: it carries order and no data.
//
// So the values are those of running the steps one after the other, whatever the timing.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/traffic.h"

namespace milliwatt::dataflows {

/// Index into EngineShape::units, ::buffers.
using UnitId = std::uint8_t;
using BufferId = std::uint8_t;
/// Index into Schedule::slots.
using SlotId = std::uint16_t;

/// A region of a local buffer. Slots of one schedule either coincide or are disjoint.
struct Slot {
  BufferId buffer = 0;
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};

enum class StepKind : std::uint8_t {
  kConfigure,  ///< set registers of the machine
  kProgram,    ///< write a slot's contents into the machine (crossbars, pinned weights)
  kLoad,       ///< memory -> slot
  kCompute,    ///< machine, output stage or vector unit
  kStore,      ///< slot -> memory
};

/// How many bytes a transfer moves.
enum class Length : std::uint8_t {
  kFixed,  ///< all of rows x row_bytes
  /// The length is known only at run time. A store writes a 4-byte little-endian count of payload
  /// bytes at the address and the payload behind it; a load reads the count first. The fixed size
  /// is the upper bound.
  kCounted,
};
constexpr std::uint32_t kCountBytes = 4;

/// A block of memory as rows x planes of contiguous bytes; the slot holds them packed. Rows that
/// touch are moved as one run.
struct Transfer {
  std::uint64_t address = 0;
  std::uint32_t row_bytes = 0;
  std::uint32_t rows = 1;
  std::uint32_t row_stride = 0;
  std::uint32_t planes = 1;
  std::uint32_t plane_stride = 0;
  base::TensorClass tensor_class = base::TensorClass::kIfmap;
  Length length = Length::kFixed;

  std::uint64_t bytes() const { return std::uint64_t{row_bytes} * rows * planes; }
};

/// A list of at most N slots, stored in place: schedules are long and walked often.
template <int N>
class SlotList {
 public:
  SlotList() = default;
  SlotList(std::initializer_list<SlotId> slots) {
    for (const SlotId slot : slots) {
      push_back(slot);
    }
  }
  void push_back(SlotId slot) { slots_.at(size_++) = slot; }
  const SlotId* begin() const { return slots_.data(); }
  const SlotId* end() const { return slots_.data() + size_; }
  int size() const { return size_; }
  SlotId operator[](int i) const { return slots_[static_cast<std::size_t>(i)]; }

 private:
  std::array<SlotId, N> slots_{};
  std::uint8_t size_ = 0;
};

struct Step {
  StepKind kind = StepKind::kCompute;
  UnitId unit = 0;
  /// Operator of the command's segment that the step works for (0-based in the segment).
  std::uint16_t op = 0;
  SlotList<5> reads;
  SlotList<3> writes;
  /// kLoad, kStore: index into Schedule::transfers. Else: the unit's own job number.
  std::uint32_t job = 0;
  /// Predicted duration in cycles of the unit's clock; equal unless time depends on data.
  /// Transfers leave both 0: their time is the memory system's.
  std::int64_t cycles_low = 0;
  std::int64_t cycles_high = 0;
};

struct Schedule {
  std::vector<Slot> slots;
  std::vector<Transfer> transfers;
  std::vector<Step> steps;
  /// Operators that the command covers.
  std::uint16_t operators = 1;
};

/// What runs the steps of a unit.
enum class UnitKind : std::uint8_t { kDma, kMachine, kOutputStage, kVector };

struct UnitShape {
  std::string name;
  UnitKind kind = UnitKind::kMachine;
};

/// A local memory of an engine, as data: the planner sizes tiles by it, energy prices it.
struct BufferShape {
  std::string name;
  std::uint32_t bytes = 0;
  /// Independent banks (one access per bank and cycle) and the width of one access.
  std::uint32_t banks = 1;
  std::uint32_t width_bits = 8;
};

/// Width of the shared units; a step's duration follows from it.
struct SharedUnits {
  std::int32_t output_lanes = 16;   ///< sums requantized per cycle
  std::int32_t output_latency = 4;  ///< pipeline stages, paid once per job
  std::int32_t vector_lanes = 16;   ///< elements added, or taps pooled, per cycle
  std::int32_t vector_latency = 4;
};

/// The parts of an engine that schedules refer to by index. Loads run on the first DMA unit, stores
/// on the last; one unit may be both.
struct EngineShape {
  std::vector<UnitShape> units;
  std::vector<BufferShape> buffers;
  SharedUnits shared;
  /// Buffers that hold the operands and the results of the vector unit.
  BufferId vector_input = 0;
  BufferId vector_output = 0;
};

}  // namespace milliwatt::dataflows
