// SPDX-License-Identifier: Apache-2.0
// The formulas of other precisions, tensor by tensor.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "workloads/channels.h"
#include "workloads/packing.h"
#include "workloads/precision.h"
#include "workloads/quantization.h"

namespace milliwatt::workloads {

namespace {

/// round(numerator / denominator), ties up; numerator >= 0.
std::int64_t rounded_ratio(std::int64_t numerator, std::int64_t denominator) {
  return (2 * numerator + denominator) / (2 * denominator);
}

std::int64_t levels(int bits) { return (std::int64_t{1} << bits) - 1; }

std::int64_t load_bias(const Tensor& bias, std::size_t index) {
  const std::size_t width = bias.type == ElementType::kInt64 ? 8 : 4;
  std::uint64_t bits = 0;
  for (std::size_t byte = 0; byte < width; ++byte) {
    bits |= std::uint64_t{bias.data[index * width + byte]} << (8 * byte);
  }
  return width == 8 ? static_cast<std::int64_t>(bits)
                    : static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
}

/// round(x * ratio) within the integers of 32 or 64 bits.
std::int64_t scaled_bias(std::int64_t x, double ratio, bool wide) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  const std::int64_t low =
      wide ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int32_t>::min();
  const std::int64_t high =
      wide ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int32_t>::max();
  if (ratio == 1.0) {
    return std::clamp(x, low, high);
  }
  const double y = std::round(static_cast<double>(x) * ratio);
  if (y >= kTwoTo63 || y < -kTwoTo63) {
    return y > 0.0 ? high : low;
  }
  return std::clamp(static_cast<std::int64_t>(y), low, high);
}

/// Largest magnitude of each channel.
std::vector<std::int64_t> magnitudes(const Tensor& weights, const Channels& channels) {
  std::vector<std::int64_t> largest(channels.count(), 0);
  const int bits = element_bits(weights.type);
  for (std::int64_t i = 0; i < weights.elements(); ++i) {
    const std::int64_t w = load_element(weights.data.data(), i, bits);
    std::int64_t& of_channel = largest[channels.of(static_cast<std::size_t>(i))];
    of_channel = std::max(of_channel, std::abs(w));
  }
  return largest;
}

}  // namespace

Form activation_form(const Tensor& tensor, int bits) {
  const int before = element_bits(tensor.type);
  if (bits == before) {
    return {tensor.type, tensor.quantization};
  }
  const auto scale = static_cast<double>(single_scale(tensor));
  const std::int64_t low = lowest_element(before);
  const std::int64_t zero_point = tensor.quantization.zero_point();
  if (bits == 16) {
    const std::int64_t reach = std::max(zero_point - low, highest_element(before) - zero_point);
    const double wide_scale = scale * static_cast<double>(reach) / 32767.0;
    return {ElementType::kInt16, {{static_cast<float>(wide_scale)}, {0}, 0}};
  }
  const double coarse = scale * static_cast<double>(levels(before));
  const std::int64_t moved =
      lowest_element(bits) + rounded_ratio((zero_point - low) * levels(bits), levels(before));
  return {integer_type(bits),
          {{static_cast<float>(coarse / static_cast<double>(levels(bits)))},
           {static_cast<std::int32_t>(moved)},
           0}};
}

Tensor in_form(Tensor constant, const Form& form) {
  const int before = element_bits(constant.type);
  const int after = element_bits(form.type);
  const double ratio = static_cast<double>(single_scale(constant)) /
                       static_cast<double>(form.quantization.scales.at(0));
  const std::int32_t old_zero = constant.quantization.zero_point();
  const std::int32_t new_zero = form.quantization.zero_point();
  std::vector<std::uint8_t> data(
      static_cast<std::size_t>(packed_bytes(constant.elements(), after)));
  for (std::int64_t i = 0; i < constant.elements(); ++i) {
    const std::int32_t x = load_element(constant.data.data(), i, before);
    const double y = std::round((x - old_zero) * ratio) + new_zero;
    const double bounded = std::clamp<double>(y, lowest_element(after), highest_element(after));
    store_element(data.data(), i, after, static_cast<std::int32_t>(bounded));
  }
  constant.type = form.type;
  constant.quantization = form.quantization;
  constant.data = std::move(data);
  return constant;
}

Tensor weights_in(Tensor weights, int bits) {
  const int before = element_bits(weights.type);
  const bool fewer = bits < before;
  const std::int64_t highest = highest_element(bits);
  const Channels channels = Channels::of_scales(weights);
  const std::vector<std::int64_t> largest = magnitudes(weights, channels);
  std::vector<std::uint8_t> data(static_cast<std::size_t>(packed_bytes(weights.elements(), bits)));
  for (std::int64_t i = 0; i < weights.elements(); ++i) {
    const std::int32_t w = load_element(weights.data.data(), i, before);
    const std::int64_t reach = largest[channels.of(static_cast<std::size_t>(i))];
    std::int64_t stored = w;
    if (fewer && w != 0) {
      stored = (w < 0 ? -1 : 1) * rounded_ratio(std::abs(std::int64_t{w}) * highest, reach);
    }
    store_element(data.data(), i, bits, static_cast<std::int32_t>(stored));
  }
  for (std::size_t c = 0; fewer && c < largest.size(); ++c) {
    float& scale = weights.quantization.scales[c];
    if (largest[c] != 0) {
      scale = static_cast<float>(static_cast<double>(scale) * static_cast<double>(largest[c]) /
                                 static_cast<double>(highest));
    }
  }
  weights.type = integer_type(bits);
  weights.data = std::move(data);
  return weights;
}

Tensor rescaled_bias(Tensor bias, const std::vector<double>& ratios, bool wide) {
  const auto count = static_cast<std::size_t>(bias.elements());
  const std::size_t width = wide ? 8 : 4;
  std::vector<std::uint8_t> data(count * width);
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = static_cast<std::uint64_t>(
        scaled_bias(load_bias(bias, i), ratios[i % ratios.size()], wide));
    for (std::size_t byte = 0; byte < width; ++byte) {
      data[i * width + byte] = static_cast<std::uint8_t>(bits >> (8 * byte));
    }
  }
  bias.type = wide ? ElementType::kInt64 : ElementType::kInt32;
  bias.data = std::move(data);
  return bias;
}

}  // namespace milliwatt::workloads
