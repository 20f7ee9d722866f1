// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_scales.h"

#include <algorithm>
#include <cmath>

#include "workloads/packing.h"

namespace milliwatt::workloads {

// Only sums, products, quotients and square roots appear here: IEEE 754 fixes their results, so a
// trace gets the same scales on every machine.

namespace {

bool rectifies(Activation activation) {
  return activation == Activation::kRelu || activation == Activation::kRelu6;
}

double upper_bound(Activation activation, double high) {
  switch (activation) {
    case Activation::kRelu6:
      return std::min(high, 6.0);
    case Activation::kReluN1To1:
      return std::min(high, 1.0);
    default:
      return high;
  }
}

/// max(0, x) of a bell-shaped x: exact limits for |mean| >> deviation, and 0.4 deviations and half
/// the power at mean 0.
Spread rectified(Spread x) {
  const double power = x.mean * x.mean + x.variance;
  if (power == 0.0) {
    return x;
  }
  const double mean = (x.mean + std::sqrt(x.mean * x.mean + 0.64 * x.variance)) / 2;
  const double rectified_power = power / 2 * (1 + x.mean / std::sqrt(power));
  return {mean, std::max(rectified_power - mean * mean, 0.0)};
}

}  // namespace

Spread spread_of_uniform(const Tensor& tensor) {
  if (tensor.quantization.scales.empty() || element_bits(tensor.type) > 16) {
    return {0.0, 1.0 / 3};
  }
  const auto scale = static_cast<double>(tensor.quantization.scales.front());
  const double levels = 1 << element_bits(tensor.type);
  const double mean = scale * (-0.5 - tensor.quantization.zero_point());
  return {mean, scale * scale * (levels * levels - 1) / 12};
}

Spread sum(Spread a, Spread b) { return {a.mean + b.mean, a.variance + b.variance}; }
Spread difference(Spread a, Spread b) { return {a.mean - b.mean, a.variance + b.variance}; }
Spread product(Spread a, Spread b) {
  const double mean = a.mean * b.mean;
  const double power = (a.variance + a.mean * a.mean) * (b.variance + b.mean * b.mean);
  return {mean, std::max(power - mean * mean, 0.0)};
}

Spread leaky(Spread x, double alpha) {
  const Spread above = rectified(x);
  const Spread below = rectified({-x.mean, x.variance});
  const double mean = above.mean - alpha * below.mean;
  const double power = above.variance + above.mean * above.mean +
                       alpha * alpha * (below.variance + below.mean * below.mean);
  return {mean, std::max(power - mean * mean, 0.0)};
}

OutputScale choose_scale(const std::vector<Spread>& channels, Activation activation,
                         ElementType type) {
  constexpr double kDeviations = 4.0;
  constexpr double kSmallestReach = 1e-6;
  double high = kSmallestReach;
  double low = -kSmallestReach;
  for (const Spread& channel : channels) {
    const double reach = kDeviations * std::sqrt(channel.variance);
    high = std::max(high, channel.mean + reach);
    low = std::min(low, channel.mean - reach);
  }
  if (!rectifies(activation)) {
    high = std::max(high, -low);
  }
  high = upper_bound(activation, high);
  const int bits = element_bits(type);
  if (rectifies(activation) && bits <= 8) {
    return {static_cast<float>(high / ((1 << bits) - 1)), lowest_element(bits)};
  }
  return {static_cast<float>(high / highest_element(bits)), 0};
}

OutputScale choose_hard_swish_scale(Spread x, ElementType type) {
  constexpr double kLowest = -0.375;
  const int bits = element_bits(type);
  const OutputScale symmetric = choose_scale({x}, Activation::kNone, type);
  if (bits > 8) {
    return symmetric;
  }
  const double high = static_cast<double>(symmetric.scale) * highest_element(bits);
  const double scale = (high - kLowest) / ((1 << bits) - 1);
  const auto steps_below_0 = static_cast<std::int32_t>(-kLowest / scale + 0.5);
  return {static_cast<float>(scale),
          std::min(lowest_element(bits) + steps_below_0, highest_element(bits))};
}

Spread after_activation(const std::vector<Spread>& channels, Activation activation) {
  double mean = 0.0;
  double power = 0.0;
  for (const Spread& channel : channels) {
    const Spread x = rectifies(activation) ? rectified(channel) : channel;
    mean += x.mean;
    power += x.variance + x.mean * x.mean;
  }
  const auto count = static_cast<double>(std::max<std::size_t>(channels.size(), 1));
  mean /= count;
  return {mean, std::max(power / count - mean * mean, 0.0)};
}

}  // namespace milliwatt::workloads
