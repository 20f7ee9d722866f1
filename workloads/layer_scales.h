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

/// Stored values equally likely over the whole type; reals from -1 to 1 where it has no scale.
Spread spread_of_uniform(const Tensor& tensor);

/// Sum, difference and product of two independent values.
Spread sum(Spread a, Spread b);
Spread difference(Spread a, Spread b);
Spread product(Spread a, Spread b);
/// x where it is positive, alpha * x elsewhere.
Spread leaky(Spread x, double alpha);

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
/// the whole range of a type of up to 8 bits from its lowest value, others and int16 are symmetric
/// around 0.
OutputScale choose_scale(const std::vector<Spread>& channels, Activation activation,
                         ElementType type);
/// Holds what a hard swish makes of mean +- 4 standard deviations, from -3/8 up.
OutputScale choose_hard_swish_scale(Spread x, ElementType type);

/// Spread of a value drawn from any channel, after the activation.
Spread after_activation(const std::vector<Spread>& channels, Activation activation);

}  // namespace milliwatt::workloads
