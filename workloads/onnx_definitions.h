// SPDX-License-Identifier: Apache-2.0
// Operators in real numbers, written down as they are defined, for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "workloads/onnx_testing.h"

namespace milliwatt::workloads::onnx::testing {

/// Reproducible weights of both signs.
inline std::vector<std::int8_t> some_weights(std::size_t count, int spread = 61) {
  std::vector<std::int8_t> weights(count);
  std::uint32_t state = 7;
  for (std::int8_t& weight : weights) {
    state = state * 1664525U + 1013904223U;
    weight = static_cast<std::int8_t>(static_cast<int>(state >> 16) % (2 * spread + 1) - spread);
  }
  return weights;
}

/// A convolution as the file states it.
struct Conv {
  Dims weights;  // outputs, channels / groups, height, width
  std::vector<float> scales = {0.01F};
  std::int32_t stride_h = 1;
  std::int32_t stride_w = 1;
  std::int32_t dilation = 1;
  std::int32_t groups = 1;
  Dims pads = {0, 0, 0, 0};  // top, left, bottom, right
  bool bias = true;

  std::size_t count() const {
    return static_cast<std::size_t>(weights[0] * weights[1] * weights[2] * weights[3]);
  }
  double scale(std::int32_t o) const {
    return static_cast<double>(scales[scales.size() > 1 ? static_cast<std::size_t>(o) : 0]);
  }
};

inline std::vector<std::int32_t> some_bias(std::int64_t outputs) {
  std::vector<std::int32_t> bias;
  for (std::int64_t o = 0; o < outputs; ++o) {
    bias.push_back(static_cast<std::int32_t>(o * 937 - 1200));
  }
  return bias;
}

/// Biases are in steps of the input scale x that of the weights.
inline Real convolved(const Real& x, const Conv& conv, float input_scale) {
  const auto weights = some_weights(conv.count());
  const auto bias = some_bias(conv.weights[0]);
  const auto extent = [&](std::size_t i) { return static_cast<std::int32_t>(conv.weights[i]); };
  const auto pad = [&](std::size_t i) { return static_cast<std::int32_t>(conv.pads[i]); };
  const std::int32_t reach_h = (extent(2) - 1) * conv.dilation + 1;
  const std::int32_t reach_w = (extent(3) - 1) * conv.dilation + 1;
  Real y;
  y.shape = {x.shape[0], extent(0), (x.shape[2] + pad(0) + pad(2) - reach_h) / conv.stride_h + 1,
             (x.shape[3] + pad(1) + pad(3) - reach_w) / conv.stride_w + 1};
  const std::int32_t per_group = extent(0) / conv.groups;
  for (std::int32_t n = 0; n < y.shape[0]; ++n) {
    for (std::int32_t o = 0; o < y.shape[1]; ++o) {
      for (std::int32_t i = 0; i < y.shape[2] * y.shape[3]; ++i) {
        const std::int32_t top = i / y.shape[3] * conv.stride_h - pad(0);
        const std::int32_t left = i % y.shape[3] * conv.stride_w - pad(1);
        double sum = conv.bias ? bias[static_cast<std::size_t>(o)] * conv.scale(o) *
                                     static_cast<double>(input_scale)
                               : 0.0;
        for (std::int32_t t = 0; t < extent(1) * extent(2) * extent(3); ++t) {
          const std::int32_t c = t / (extent(2) * extent(3));
          const std::int32_t h = top + t / extent(3) % extent(2) * conv.dilation;
          const std::int32_t w = left + t % extent(3) * conv.dilation;
          if (h >= 0 && h < x.shape[2] && w >= 0 && w < x.shape[3]) {
            sum += x.at(n, o / per_group * extent(1) + c, h, w) * conv.scale(o) *
                   weights[static_cast<std::size_t>(o * extent(1) * extent(2) * extent(3) + t)];
          }
        }
        y.values.push_back(sum);
      }
    }
  }
  return y;
}

/// Rows times a depth x units matrix, plus the units' bias.
inline Real multiplied(const Real& x, std::int32_t units, const std::vector<std::int8_t>& weights,
                       bool units_first, const std::vector<double>& bias, double scale = 0.02) {
  const std::int32_t depth = x.shape.back();
  Real y;
  y.shape = x.shape;
  y.shape.back() = units;
  for (std::size_t row = 0; row * depth < x.values.size(); ++row) {
    for (std::int32_t u = 0; u < units; ++u) {
      double sum = bias.empty() ? 0.0 : bias[static_cast<std::size_t>(u)];
      for (std::int32_t k = 0; k < depth; ++k) {
        const std::int32_t at = units_first ? u * depth + k : k * units + u;
        sum += x.values[row * static_cast<std::size_t>(depth) + static_cast<std::size_t>(k)] *
               weights[static_cast<std::size_t>(at)] * scale;
      }
      y.values.push_back(sum);
    }
  }
  return y;
}

/// Over every channel, the largest value or the mean of the taps inside the image.
inline Real pooled(const Real& x, std::int32_t kernel, std::int32_t stride, std::int32_t pad,
                   bool mean) {
  const std::int32_t rows = (x.shape[2] + 2 * pad - kernel) / stride + 1;
  const std::int32_t columns = (x.shape[3] + 2 * pad - kernel) / stride + 1;
  Real y{{x.shape[0], x.shape[1], rows, columns}, {}};
  for (std::int32_t c = 0; c < x.shape[1]; ++c) {
    for (std::int32_t i = 0; i < rows * columns; ++i) {
      std::vector<double> taps;
      for (std::int32_t t = 0; t < kernel * kernel; ++t) {
        const std::int32_t h = i / columns * stride - pad + t / kernel;
        const std::int32_t w = i % columns * stride - pad + t % kernel;
        if (h >= 0 && h < x.shape[2] && w >= 0 && w < x.shape[3]) {
          taps.push_back(x.at(0, c, h, w));
        }
      }
      const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
      y.values.push_back(mean ? sum / static_cast<double>(taps.size())
                              : *std::max_element(taps.begin(), taps.end()));
    }
  }
  return y;
}

}  // namespace milliwatt::workloads::onnx::testing
