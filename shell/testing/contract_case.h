// SPDX-License-Identifier: Apache-2.0
// The commands, data and expected outputs that the contract tests run on the contract machine.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "shell/testing/contract_machine.h"
#include "shell/testing/plain_bench.h"
#include "workloads/quantization.h"

namespace milliwatt::shell::testing {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t kDescriptorAt = 0x40;
constexpr std::uint32_t kWeightsAt = 0x105;
constexpr std::uint32_t kTableAt = 0x200;
constexpr std::uint32_t kInputAt = 0x1003;
constexpr std::uint32_t kOutputAt = 0x2001;
constexpr std::uint32_t kExpandedAt = 0x3000;
constexpr std::int32_t kTile = 64;
constexpr std::int32_t kTiles = 5;
constexpr std::int16_t kLayer = 7;

inline ContractDescriptor contract_descriptor(ContractOperation operation,
                                              std::uint16_t operators) {
  ContractDescriptor d{};
  d.head = {
      MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_TEST, sizeof d, kLayer, operators};
  d.operation = operation;
  d.tiles = kTiles;
  d.tile = kTile;
  return d;
}

inline ContractDescriptor pin() {
  ContractDescriptor d = contract_descriptor(kPin, 1);
  d.input = {MW_REGION_PROGRAM, kWeightsAt};
  return d;
}

inline ContractDescriptor segment(bool coded) {
  ContractDescriptor d = contract_descriptor(kSegment, 2);
  d.coded = coded ? 1 : 0;
  d.input = {MW_REGION_SRAM, kInputAt};
  d.parameters = {MW_REGION_PROGRAM, kTableAt};
  d.output = {MW_REGION_SRAM, kOutputAt};
  return d;
}

inline ContractDescriptor expansion() {
  ContractDescriptor d = contract_descriptor(kExpand, 1);
  d.input = {MW_REGION_SRAM, kOutputAt};
  d.output = {MW_REGION_SRAM, kExpandedAt};
  return d;
}

/// Many zeros and long runs; the last tile is all zero.
inline Bytes random_input(unsigned seed) {
  std::mt19937 dice(seed);
  Bytes bytes;
  while (bytes.size() < kTile * kTiles) {
    const bool zero = bytes.size() >= kTile * (kTiles - 1) || dice() % 2 == 0;
    bytes.insert(bytes.end(), 1 + dice() % 9, static_cast<std::uint8_t>(zero ? 0 : dice()));
  }
  bytes.resize(kTile * kTiles);
  return bytes;
}

inline const std::array<dataflows::ChannelParameters, kContractChannels> kTable{
    {{0, 1 << 30, 0}, {0, 1717986918, -2}, {0, 1 << 30, -1}, {0, 2000000000, 1}}};

inline Bytes random_weights(unsigned seed) {
  std::mt19937 dice(seed + 1);
  Bytes bytes(kResidentBytes);
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(dice());
  }
  return bytes;
}

/// The segment in plain loops over whole tensors.
inline Bytes expected_output(const Bytes& input, const Bytes& weights) {
  Bytes output;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const int w = static_cast<std::int8_t>(weights[i % kTile % kResidentBytes]);
    const auto middle = static_cast<std::int8_t>(static_cast<std::int8_t>(input[i]) * w);
    const std::size_t channel = i % kContractChannels;
    const int sum = middle * static_cast<int>(channel + 1) + kTable[channel].bias;
    const int y =
        workloads::requantize(sum, {kTable[channel].multiplier, kTable[channel].exponent}) - 3;
    output.push_back(static_cast<std::uint8_t>(std::min(127, std::max(-128, y))));
  }
  return output;
}

/// A count per tile, and a pair per run of equal bytes (runs of a tile are shorter than 256).
inline std::uint64_t coded_bytes(const Bytes& output) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const bool first = i % kTile == 0;
    bytes += (first ? 4 : 0) + (first || output[i] != output[i - 1] ? 2 : 0);
  }
  return bytes;
}

/// A PlainBench around a contract machine, with the window open.
struct ContractBench {
  explicit ContractBench(Detail detail = Detail::kValues, EngineConfig config = {},
                         std::int64_t hertz = 150'000'000, BenchTiming timing = {})
      : machine{"engine", detail},
        bench{with_window(config), base::Clock("engine", hertz), machine, timing, 0x4000} {}

  static EngineConfig with_window(EngineConfig config) {
    config.window = kResidentBuffer;
    return config;
  }
  void put(std::uint32_t address, const void* bytes, std::size_t size) {
    std::memcpy(bench.memory().data() + address, bytes, size);
  }
  void put(std::uint32_t address, const Bytes& bytes) { put(address, bytes.data(), bytes.size()); }
  Bytes get(std::uint32_t address, std::size_t size) {
    const auto begin = bench.memory().begin() + address;
    return Bytes(begin, begin + static_cast<std::ptrdiff_t>(size));
  }
  template <typename Descriptor>
  void run(const Descriptor& d) {
    bench.run_descriptor(&d, sizeof d, kDescriptorAt);
  }
  /// The schedule of a descriptor, from a machine of its own.
  dataflows::Schedule schedule(const ContractDescriptor& d) const {
    ContractMachine other("other", Detail::kValues);
    Bytes bytes(sizeof d);
    std::memcpy(bytes.data(), &d, sizeof d);
    return other.decode(bytes, RegionBases(MW_REGIONS)).schedule;
  }
  void put_case(unsigned seed) {
    put(kWeightsAt, random_weights(seed));
    put(kInputAt, random_input(seed));
    put(kTableAt, kTable.data(), sizeof kTable);
  }

  EngineCore& engine() { return bench.engine(); }

  ContractMachine machine;
  PlainBench bench;
};

}  // namespace milliwatt::shell::testing
