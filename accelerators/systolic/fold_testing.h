// SPDX-License-Identifier: Apache-2.0
// Operands of folds for tests and benchmarks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "accelerators/systolic/fold_core.h"

namespace milliwatt::systolic {

/// Owns the operands of one fold.
class FoldData {
 public:
  FoldData(ArraySize size, std::int64_t pixels, std::int32_t taps, std::int32_t filters,
           Dataflow dataflow = Dataflow::kWeightStationary)
      : dataflow_(dataflow),
        size_(size),
        pixels_(pixels),
        taps_(taps),
        filters_(filters),
        streams_(static_cast<std::size_t>(pixels * stream_pitch(taps))),
        weights_(static_cast<std::size_t>(taps) * filters) {}

  /// Any array up to 40 x 40 (one in 16 up to 256 columns), partly used, and any stream.
  static FoldData random(std::mt19937& random, Dataflow dataflow) {
    const auto up_to = [&](unsigned n) { return static_cast<std::int32_t>(1 + random() % n); };
    const ArraySize size{up_to(40), up_to(random() % 16 == 0 ? kMaxArraySide : 40)};
    const std::int32_t stream = random() % 8 == 0 ? up_to(300) : up_to(40);
    const std::int32_t rows = up_to(size.rows);
    FoldData data = of_use(size, {rows, up_to(size.columns), stream}, dataflow);
    data.fill(random);
    return data;
  }

  /// The fold that uses the array so; its values are 0.
  static FoldData of_use(ArraySize size, const ArrayUse& use, Dataflow dataflow) {
    const auto stream = static_cast<std::int32_t>(use.stream);
    switch (dataflow) {
      case Dataflow::kOutputStationary:
        return {size, use.rows, stream, use.columns, dataflow};
      case Dataflow::kInputStationary:
        return {size, use.columns, use.rows, stream, dataflow};
      default:
        return {size, stream, use.rows, use.columns, dataflow};
    }
  }

  /// Any values, the extremes often.
  void fill(std::mt19937& random) {
    const auto value = [&] {
      const auto r = random();
      return static_cast<std::int8_t>(r % 8 == 0 ? INT8_MIN : r % 8 == 1 ? INT8_MAX : r >> 8);
    };
    std::generate(weights_.begin(), weights_.end(), value);
    for (std::int64_t t = 0; t < pixels_; ++t) {
      std::generate_n(streams_.begin() + t * stream_pitch(taps_), taps_, value);
    }
  }

  /// [pixels][taps]
  void set_streams(const std::vector<std::int8_t>& values) {
    for (std::int64_t t = 0; t < pixels_; ++t) {
      std::copy_n(values.begin() + t * taps_, taps_, streams_.begin() + t * stream_pitch(taps_));
    }
  }
  void set_weights(const std::vector<std::int8_t>& values) { weights_ = values; }

  ArraySize size() const { return size_; }
  FoldOperands operands() const {
    return {streams_.data(), weights_.data(), pixels_, taps_, filters_, stream_pitch(taps_)};
  }
  ArrayOperands array() const { return array_operands(dataflow_, operands()); }
  ArrayUse use() const { return array().use; }

  /// Sum by definition of output `index` of `column`.
  std::int32_t sum(std::int64_t index, std::int32_t column) const {
    const bool swapped = dataflow_ == Dataflow::kInputStationary;
    const std::int64_t pixel = swapped ? column : index;
    const std::int64_t filter = swapped ? index : column;
    std::int32_t sum = 0;
    for (std::int32_t k = 0; k < taps_; ++k) {
      sum += streams_[pixel * stream_pitch(taps_) + k] * weights_[k * filters_ + filter];
    }
    return sum;
  }

  std::string describe() const {
    return std::to_string(pixels_) + " pixels, " + std::to_string(taps_) + " taps, " +
           std::to_string(filters_) + " filters on " + std::to_string(size_.rows) + "x" +
           std::to_string(size_.columns);
  }

 private:
  Dataflow dataflow_;
  ArraySize size_;
  std::int64_t pixels_;
  std::int32_t taps_;
  std::int32_t filters_;
  std::vector<std::int8_t> streams_;
  std::vector<std::int8_t> weights_;
};

}  // namespace milliwatt::systolic
