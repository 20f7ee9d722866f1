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
  FoldData(ArraySize size, std::int64_t pixels, std::int32_t rows, std::int32_t columns)
      : size_(size),
        pixels_(pixels),
        rows_(rows),
        columns_(columns),
        streams_(static_cast<std::size_t>(pixels * stream_pitch(rows))),
        weights_(static_cast<std::size_t>(rows) * columns) {}

  /// Any array up to 40 x 40 (one in 16 up to 256 columns), partly used, and any pixels.
  static FoldData random(std::mt19937& random) {
    const auto up_to = [&](unsigned n) { return static_cast<std::int32_t>(1 + random() % n); };
    const ArraySize size{up_to(40), up_to(random() % 16 == 0 ? kMaxArraySide : 40)};
    const std::int32_t pixels = random() % 8 == 0 ? up_to(300) : up_to(40);
    FoldData data{size, pixels, up_to(size.rows), up_to(size.columns)};
    data.fill(random);
    return data;
  }

  /// Any values, the extremes often.
  void fill(std::mt19937& random) {
    const auto value = [&] {
      const auto r = random();
      return static_cast<std::int8_t>(r % 8 == 0 ? INT8_MIN : r % 8 == 1 ? INT8_MAX : r >> 8);
    };
    std::generate(weights_.begin(), weights_.end(), value);
    for (std::int64_t t = 0; t < pixels_; ++t) {
      std::generate_n(streams_.begin() + t * stream_pitch(rows_), rows_, value);
    }
  }

  /// [pixels][rows]
  void set_streams(const std::vector<std::int8_t>& values) {
    for (std::int64_t t = 0; t < pixels_; ++t) {
      std::copy_n(values.begin() + t * rows_, rows_, streams_.begin() + t * stream_pitch(rows_));
    }
  }
  void set_weights(const std::vector<std::int8_t>& values) { weights_ = values; }

  ArraySize size() const { return size_; }
  FoldOperands operands() const {
    return {streams_.data(), weights_.data(), pixels_, rows_, columns_, stream_pitch(rows_)};
  }
  std::string describe() const {
    return std::to_string(rows_) + "x" + std::to_string(columns_) + " of " +
           std::to_string(size_.rows) + "x" + std::to_string(size_.columns) + ", " +
           std::to_string(pixels_) + " pixels";
  }

 private:
  ArraySize size_;
  std::int64_t pixels_;
  std::int32_t rows_;
  std::int32_t columns_;
  std::vector<std::int8_t> streams_;
  std::vector<std::int8_t> weights_;
};

}  // namespace milliwatt::systolic
