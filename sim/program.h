// SPDX-License-Identifier: Apache-2.0
// A plan made into bytes: the command lists, descriptors and constants of abi/command_list.h.
#pragma once

#include <cstdint>
#include <vector>

#include "abi/command_list.h"
#include "abi/registers.h"
#include "dataflows/plan.h"
#include "workloads/graph.h"

namespace milliwatt::sim {

/// Bus addresses of every platform. An engine's registers, and its memory window behind them, take
/// `engine_stride` bytes.
struct AddressMap {
  std::uint32_t sram = 0x2000'0000;
  std::uint32_t engines = 0x4000'0000;
  std::uint32_t engine_stride = 0x0100'0000;
  std::uint32_t external = 0x6000'0000;
  std::uint32_t flash = 0xC000'0000;
};

/// What must cross the chip's edge for an operator whatever the mapping: the touched elements, in
/// stored encoding, of its tensors whose home is off chip. Zero when all are on chip.
struct Compulsory {
  std::int64_t read = 0;
  std::int64_t written = 0;
  std::int64_t total() const { return read + written; }
};

/// Whether the memories of two regions lie beyond the chip's edge.
struct OffChip {
  bool program = true;
  bool external = true;
};

struct Program {
  AddressMap map;
  /// Lies at the start of the flash, or of external memory: head, command lists, descriptors,
  /// constants.
  std::vector<std::uint8_t> image;
  /// Bus address of each region.
  std::vector<std::uint64_t> region_bases;
  /// Place of each tensor, by TensorId; constants that engines read in a layout of their own have
  /// none (region kProgram, offset 0).
  std::vector<mw_ref> tensor_places;
  std::vector<Compulsory> compulsory;  ///< by operator

  std::uint64_t address(workloads::TensorId id) const {
    const mw_ref& place = tensor_places.at(static_cast<std::size_t>(id));
    return region_bases.at(place.region) + place.offset;
  }
};

/// The image lies in the flash, or where there is none in external memory; behind it there, or
/// alone, lie tensors that do not fit on chip.
Program build_program(const workloads::Graph& graph, const dataflows::Plan& plan, bool has_flash,
                      std::uint32_t engines, OffChip off_chip = {});

/// Touched bytes of an operator's data input: all of it, but for slices, and for windows that skip
/// rows or columns.
std::int64_t touched_input_bytes(const workloads::Graph& graph, const workloads::Operator& op,
                                 workloads::TensorId input);

}  // namespace milliwatt::sim
