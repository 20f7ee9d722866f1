// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/descriptor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "abi/descriptor.h"
#include "base/error.h"
#include "workloads/packing.h"

namespace milliwatt::systolic {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw base::SimulationError("systolic descriptor: " + what);
}

void check(const char* field, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) {
    fail(fmt::format("{} is {}, allowed are {} .. {}", field, value, low, high));
  }
}

void check_head(const mw_descriptor_head& head) {
  check("magic", head.magic, MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_MAGIC);
  check("version", head.version, MW_DESCRIPTOR_VERSION, MW_DESCRIPTOR_VERSION);
  check("machine", head.machine, MW_MACHINE_SYSTOLIC, MW_MACHINE_SYSTOLIC);
  check("bytes", head.bytes, sizeof(mw_systolic_descriptor), sizeof(mw_systolic_descriptor));
  check("operators", head.operators, 1, 1);
}

void check_geometry(const mw_conv_geometry& geometry) {
  const std::string fault = dataflows::geometry_fault(geometry);
  if (!fault.empty()) {
    fail(fault);
  }
}

/// An element of `bits`, `low` at least.
void check_element(const char* field, std::int32_t value, int bits, std::int32_t low) {
  check(field, value, std::max(low, workloads::lowest_element(bits)),
        workloads::highest_element(bits));
}

void check_values(const mw_systolic_descriptor& d) {
  check("input_bits", d.input_bits, 2, 8);
  check("weight_bits", d.weight_bits, 2, 8);
  check("output_bits", d.output_bits, 2, 8);
  for (const std::uint8_t byte : d.reserved) {
    check("a reserved byte", byte, 0, 0);
  }
  check_element("input_zero_point", d.input_zero_point, d.input_bits, INT8_MIN);
  check_element("output_zero_point", d.output_zero_point, d.output_bits, INT8_MIN);
  check_element("clamp_low", d.clamp_low, d.output_bits, INT8_MIN);
  check_element("clamp_high", d.clamp_high, d.output_bits, d.clamp_low);
}

void check_mapping(const mw_systolic_descriptor& d) {
  check("tile_h", d.tile_h, 1, dataflows::kLargestDimension);
  check("tile_w", d.tile_w, 1, dataflows::kLargestDimension);
  check("pixel_tiles_outer", d.pixel_tiles_outer, 0, 1);
  check("weights_per_fold", d.weights_per_fold, 0, 1);
  check("groups", d.groups, 1, dataflows::kLargestDimension);
  check("filter_tile", d.filter_tile, 1, dataflows::kLargestDimension);
  check("fold_taps", d.fold_taps, 1, dataflows::kMostFoldTaps);
}

std::uint64_t resolve(const char* field, const mw_ref& place, const shell::RegionBases& bases) {
  if (place.region >= bases.size()) {
    fail(fmt::format("{} lies in region {} of {}", field, place.region, bases.size()));
  }
  return bases[place.region] + place.offset;
}

}  // namespace

dataflows::SystolicCommand decode_descriptor(const std::vector<std::uint8_t>& bytes,
                                             const shell::RegionBases& bases) {
  mw_systolic_descriptor d;
  if (bytes.size() != sizeof d) {
    fail(fmt::format("{} bytes instead of {}", bytes.size(), sizeof d));
  }
  std::memcpy(&d, bytes.data(), sizeof d);
  check_head(d.head);
  check_geometry(d.geometry);
  check_values(d);
  check_mapping(d);
  dataflows::SystolicCommand command;
  command.geometry = d.geometry;
  command.groups = d.groups;
  command.bits = dataflows::bits_of(d);
  command.mapping = dataflows::mapping_of(d);
  command.input_zero_point = d.input_zero_point;
  command.output_zero_point = d.output_zero_point;
  command.clamp_low = d.clamp_low;
  command.clamp_high = d.clamp_high;
  command.ifmap = resolve("ifmap", d.ifmap, bases);
  command.weights = resolve("weights", d.weights, bases);
  command.parameters = resolve("parameters", d.parameters, bases);
  command.ofmap = resolve("ofmap", d.ofmap, bases);
  return command;
}

}  // namespace milliwatt::systolic
