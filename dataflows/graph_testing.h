// SPDX-License-Identifier: Apache-2.0
// Random networks of one operator, for tests.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "workloads/graph.h"
#include "workloads/graph_testing.h"

namespace milliwatt::dataflows::testing {

/// Reproducible choices.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_{seed} {}

  /// low .. high, both included.
  std::int32_t roll(std::int32_t low, std::int32_t high) {
    const auto sides = static_cast<std::uint32_t>(high - low) + 1;
    return low + static_cast<std::int32_t>(engine_() % sides);
  }
  bool one_in(std::int32_t n) { return roll(1, n) == 1; }
  std::vector<std::uint8_t> bytes(std::int64_t count);
  /// 2^low .. 2^high, times 1 .. 2.
  float scale(std::int32_t low, std::int32_t high);

 private:
  std::mt19937 engine_;
};

using workloads::testing::bias_tensor;
using workloads::testing::constant;
using workloads::testing::int8_tensor;
using workloads::testing::single;

/// Random operators of at most a few thousand multiply-accumulates per output channel: any stride,
/// dilation and padding, scales per channel or shared, with and without bias.
workloads::Graph random_convolution(Dice& dice);
/// In 2 .. 4 groups, or depthwise with a multiplier.
workloads::Graph random_grouped_convolution(Dice& dice);
workloads::Graph random_fully_connected(Dice& dice);
workloads::Graph random_addition(Dice& dice);
workloads::Graph random_pool(Dice& dice);

/// Gives the operator's activations, and constants that are weights, fewer bits now and then: any
/// that engines take, so that pixels (of additions: nothing) begin at bytes. Weights and zero
/// points are shifted down to fit.
void narrow(Dice& dice, workloads::Graph& graph);
/// Makes a tensor one of `bits`.
void narrow(workloads::Graph& graph, workloads::TensorId id, int bits);

/// The output of a network of one operator with elements of any bits: by the reference kernels for
/// int8 on the same values, bounded to the bits of the output.
std::vector<std::uint8_t> narrow_reference(const workloads::Graph& graph,
                                           const std::vector<std::vector<std::uint8_t>>& inputs);

}  // namespace milliwatt::dataflows::testing
