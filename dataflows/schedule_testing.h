// SPDX-License-Identifier: Apache-2.0
// Runs commands as the rules of dataflows/schedule.h say the values come out: step by step, in
// schedule order, on byte arrays. Plain loops; throws std::logic_error where a step leaves its
// tensor, its slot or its buffer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dataflows/jobs.h"
#include "dataflows/schedule.h"

namespace milliwatt::dataflows::testing {

using Bytes = std::vector<std::uint8_t>;

/// Memory in which every access must lie in one tensor. The tensors lie apart.
class FakeMemory {
 public:
  /// Adds a tensor that may be loaded; returns its address.
  std::uint64_t add(std::string name, Bytes bytes);
  /// Adds a tensor that may be stored, each byte once; returns its address.
  std::uint64_t add_output(std::size_t bytes);

  void read(std::uint64_t address, std::uint8_t* to, std::size_t bytes) const;
  void write(std::uint64_t address, const std::uint8_t* from, std::size_t bytes);

  /// The output, after checking that each byte was written exactly once.
  const Bytes& output() const;

 private:
  struct Area {
    std::string name;
    std::uint64_t address = 0;
    Bytes bytes;
    std::vector<int> writes;  ///< by byte; empty where writing is forbidden
  };
  std::size_t find(std::uint64_t address, std::size_t bytes) const;

  std::vector<Area> areas_;
};

/// The buffers of an engine, filled with noise, seen through a schedule's slots.
class FakeBuffers {
 public:
  FakeBuffers(const EngineShape& shape, const std::vector<Slot>& slots);

  /// First byte of a slot that has at least `bytes`.
  std::uint8_t* slot(SlotId id, std::uint64_t bytes);

 private:
  std::vector<Slot> slots_;
  std::vector<Bytes> buffers_;
};

using RunMachine = std::function<void(const Step&, FakeBuffers&)>;

/// Runs all steps. `machine` runs those of machine units.
void interpret(const Command& command, const EngineShape& shape, FakeMemory& memory,
               const RunMachine& machine = {});

/// Throws std::logic_error unless the step names the slot among those that it reads (writes).
void require_read(const Step& step, SlotId slot);
void require_written(const Step& step, SlotId slot);

}  // namespace milliwatt::dataflows::testing
