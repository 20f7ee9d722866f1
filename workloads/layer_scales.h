// SPDX-License-Identifier: Apache-2.0
// Output scales for layer traces that give none: an estimate of how far the outputs of each
// channel spread, from the actual weights and a model of the inputs as independent values.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Mean and variance of real values.
struct Spread {
  double mean = 0.0;
  double variance = 0.0;
};

/// Stored values equally likely over the whole type.
Spread spread_of_uniform(const Tensor& tensor);

/// Sum of two independent values.
Spread sum(Spread a, Spread b);

/// Real weights of one output channel: their sum, the sum of their squares, and the bias.
struct ChannelWeights {
  double sum = 0.0;
  double power = 0.0;
  double bias = 0.0;

  /// Spread of the channel's sums over inputs of the given spread.
  Spread outputs(Spread inputs) const {
    return {inputs.mean * sum + bias, inputs.variance * power};
  }
};

struct OutputScale {
  float scale = 1.0F;
  std::int32_t zero_point = 0;
};

/// Holds mean +- 4 standard deviations of every channel within the activation's bounds. ReLUs use
/// the whole range of int8 from its lowest value, others and int16 are symmetric around 0.
OutputScale choose_scale(const std::vector<Spread>& channels, Activation activation,
                         ElementType type);

/// Spread of a value drawn from any channel, after the activation.
Spread after_activation(const std::vector<Spread>& channels, Activation activation);

}  // namespace milliwatt::workloads
