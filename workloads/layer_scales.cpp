// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_scales.h"

#include <algorithm>
#include <cmath>

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
  const auto scale = static_cast<double>(tensor.quantization.scales.at(0));
  const double levels = tensor.type == ElementType::kInt16 ? 65536.0 : 256.0;
  const double mean = scale * (-0.5 - tensor.quantization.zero_point());
  return {mean, scale * scale * (levels * levels - 1) / 12};
}

Spread sum(Spread a, Spread b) { return {a.mean + b.mean, a.variance + b.variance}; }

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
  if (type == ElementType::kInt16) {
    return {static_cast<float>(high / 32767), 0};
  }
  return rectifies(activation) ? OutputScale{static_cast<float>(high / 255), -128}
                               : OutputScale{static_cast<float>(high / 127), 0};
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
