// SPDX-License-Identifier: Apache-2.0
// Sums of products, how they are scaled, and how elements of arrays are counted through.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "abi/kernel_call.h"
#include "mcu/kernel_elements.h"
#include "mcu/kernel_record.h"
#include "workloads/fixed_point.h"
#include "workloads/quantization.h"

namespace milliwatt::mcu {

/// Exponents that requantize() and requantize_wide() take.
constexpr int kLowestExponent = -31;
constexpr int highest_exponent(bool wide) { return wide ? 14 : 30; }

/// All elements less the zero point.
inline std::vector<std::int32_t> load_centred(const std::uint8_t* bytes, std::int64_t elements,
                                              int bits, std::int32_t zero_point) {
  std::vector<std::int32_t> all = load_elements(bytes, elements, bits);
  for (std::int32_t& value : all) {
    value -= zero_point;
  }
  return all;
}

/// Values of a bias of 32 or 64 bits.
inline std::vector<std::int64_t> load_bias(const std::uint8_t* bytes, std::int64_t elements,
                                           int bits) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(elements));
  if (bits == 64) {
    std::memcpy(all.data(), bytes, all.size() * sizeof all[0]);
  } else {
    const std::vector<std::int32_t> narrow = load_elements(bytes, elements, bits);
    std::copy(narrow.begin(), narrow.end(), all.begin());
  }
  return all;
}

/// Sum of products of values of up to 17 bits; 2^30 of them stay in 64 bits.
inline std::int64_t dot_product(const std::int32_t* a, const std::int32_t* b, std::int64_t length) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < length; ++i) {
    sum += std::int64_t{a[i]} * b[i];
  }
  return sum;
}

/// sum + bias. Throws SimulationError when it leaves 64 bits.
inline std::int64_t add_bias(std::int64_t sum, std::int64_t bias, std::int64_t channel) {
  std::int64_t total = 0;
  require(!__builtin_add_overflow(sum, bias, &total),
          "the accumulator of channel {} leaves 64 bits", channel);
  return total;
}

/// round(sum * m): `wide` for activations of 16 bits. Throws SimulationError when the accumulator
/// of narrower ones leaves 32 bits.
inline std::int64_t scale_sum(std::int64_t sum, mw_multiplier m, bool wide, std::int64_t channel) {
  const workloads::Multiplier multiplier{m.mantissa, m.exponent};
  if (wide) {
    return workloads::requantize_wide(sum, multiplier);
  }
  const auto narrow = static_cast<std::int32_t>(sum);
  require(narrow == sum, "the accumulator of channel {} leaves 32 bits", channel);
  return workloads::requantize(narrow, multiplier);
}

/// Counts through the indices of an array, the last dimension first, and keeps the sum of index *
/// stride. After the last index it stands at the first one again.
class Odometer {
 public:
  struct Dimension {
    std::int64_t extent;
    std::int64_t stride;
  };
  explicit Odometer(std::vector<Dimension> dimensions)
      : dimensions_(std::move(dimensions)), position_(dimensions_.size(), 0) {}

  std::int64_t place() const { return place_; }
  /// Number of indices.
  std::int64_t count() const {
    std::int64_t product = 1;
    for (const Dimension& d : dimensions_) {
      product *= d.extent;
    }
    return product;
  }
  void advance() {
    for (std::size_t i = dimensions_.size(); i-- > 0;) {
      place_ += dimensions_[i].stride;
      if (++position_[i] < dimensions_[i].extent) {
        return;
      }
      place_ -= dimensions_[i].stride * dimensions_[i].extent;
      position_[i] = 0;
    }
  }

 private:
  std::vector<Dimension> dimensions_;
  std::vector<std::int64_t> position_;
  std::int64_t place_ = 0;
};

}  // namespace milliwatt::mcu
