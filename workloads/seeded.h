// SPDX-License-Identifier: Apache-2.0
// Reproducible values for networks and inputs that come without data.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Marsaglia's xorshift generator with shifts 13, 17, 5. A state of 0 would stay 0 for ever; it is
/// replaced by 1.
class Xorshift32 {
 public:
  explicit Xorshift32(std::uint32_t state) : state_{state == 0 ? 1 : state} {}

  std::uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  /// The next draw's highest `bits` bits as a two's complement number; 1 <= bits <= 32.
  std::int32_t next_signed(int bits) { return static_cast<std::int32_t>(next()) >> (32 - bits); }

 private:
  std::uint32_t state_;
};

/// Generator of one tensor of a layer trace: starts at the CRC-32 of "seed/name", so that values
/// depend on nothing else.
Xorshift32 generator_for(std::uint32_t seed, std::string_view name);

/// Fills a tensor of integers of 2 to 8 or 16 bits in memory order: one draw per element, its
/// highest bits. Elements of float32 are draw / 2^31 - 1, with 24 bits of the draw.
std::vector<std::uint8_t> seeded_elements(const Tensor& tensor, Xorshift32& generator);

/// One input per entry of graph.inputs from a single stream that starts at seed * 0x9E3779B1
/// (mod 2^32). Throws UserError for inputs that are of other types, and for seed 0.
std::vector<std::vector<std::uint8_t>> seeded_input(const Graph& graph, std::uint32_t seed);

/// The inputs of `invocations` in a row: the stream of seeded_input() goes on from one to the next.
std::vector<std::vector<std::vector<std::uint8_t>>> seeded_inputs(const Graph& graph,
                                                                  std::uint32_t seed,
                                                                  std::size_t invocations);

}  // namespace milliwatt::workloads
