// SPDX-License-Identifier: Apache-2.0
// A network's edge: integers from and to IEEE 754 binary32, and the logarithm of a softmax. Every
// operation is one of the formats' own, so that results are the same bits on every host with the
// same exp() and log().
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "abi/kernel_float.h"
#include "mcu/kernel_families.h"
#include "mcu/kernel_sums.h"

namespace milliwatt::mcu {

namespace {

using Reals = std::vector<float>;

Reals load_reals(const std::uint8_t* bytes, std::int64_t elements) {
  Reals all(static_cast<std::size_t>(elements));
  std::memcpy(all.data(), bytes, all.size() * sizeof all[0]);
  return all;
}

void store_reals(std::uint8_t* bytes, const Reals& all) {
  std::memcpy(bytes, all.data(), all.size() * sizeof all[0]);
}

void require_reals(const KernelRecord& record, std::size_t index, const char* name) {
  require(record.operands().at(index).is_float == 1, "{} has no floats", name);
}

/// What both directions share: one side of integers, one of floats, and a scale between.
class Scale : public Kernel {
 public:
  Scale(const KernelRecord& record, bool to_integers)
      : Kernel{record}, s_(record.section<mw_scale_section>()) {
    const std::size_t real = to_integers ? 0 : 1;
    const char* const names[] = {"the input", "the output"};
    require_operands(record, 2);
    require_reals(record, real, names[real]);
    require_integers(record, 1 - real, names[1 - real], !to_integers);
    require_range("the number of elements", s_.elements, 1, kMaximumOperandBytes);
    require_operand(record, 0, names[0], MW_USE_READ, s_.elements);
    require_operand(record, 1, names[1], MW_USE_WRITE, s_.elements);
    std::memcpy(&scale_, &s_.scale, sizeof scale_);
    require(std::isfinite(scale_) && scale_ > 0.0F, "the scale is {}", scale_);
    require_element("the zero point", s_.zero_point, bits(1 - real));
    // A quotient and its rounding, or a difference and a product.
    work_.reals = 2 * std::int64_t{s_.elements};
  }

 protected:
  float scale() const { return scale_; }

  mw_scale_section s_;

 private:
  float scale_ = 0.0F;
};

class Quantize : public Scale {
 public:
  explicit Quantize(const KernelRecord& record) : Scale{record, true} {}

  void run(const Pointers& operands) const override {
    const std::int32_t low = workloads::lowest_element(bits(1));
    const std::int32_t high = workloads::highest_element(bits(1));
    ElementWriter writer(operands[1], s_.elements, bits(1));
    for (const float x : load_reals(operands[0], s_.elements)) {
      writer.put_clamped(steps_of(x) + s_.zero_point, low, high);
    }
  }

 private:
  /// Beyond 2^20 steps any value saturates.
  std::int64_t steps_of(float x) const {
    constexpr float kBeyond = 1048576.0F;
    const float steps = std::round(x / scale());
    return std::isnan(steps) ? 0 : static_cast<std::int64_t>(std::clamp(steps, -kBeyond, kBeyond));
  }
};

class Dequantize : public Scale {
 public:
  explicit Dequantize(const KernelRecord& record) : Scale{record, false} {}

  void run(const Pointers& operands) const override {
    Reals all;
    for_each_element(operands[0], s_.elements, bits(0), [&](std::int32_t x) {
      const double steps = static_cast<double>(x) - s_.zero_point;
      all.push_back(static_cast<float>(static_cast<double>(scale()) * steps));
    });
    store_reals(operands[1], all);
  }
};

class LogSoftmax : public Kernel {
 public:
  explicit LogSoftmax(const KernelRecord& record)
      : Kernel{record}, s_(record.section<mw_log_softmax_section>()) {
    require_operands(record, 2);
    const std::int64_t elements = volume("the input", {s_.rows, s_.length});
    require_reals(record, 0, "the input");
    require_reals(record, 1, "the output");
    require_operand(record, 0, "the input", MW_USE_READ, elements);
    require_operand(record, 1, "the output", MW_USE_WRITE, elements);
    // Per element a comparison, three differences and a sum; per row a logarithm.
    work_.reals = 5 * elements;
    work_.real_functions = elements + s_.rows;
  }

  void run(const Pointers& operands) const override {
    Reals all = load_reals(operands[0], std::int64_t{s_.rows} * s_.length);
    for (auto row = all.begin(); row != all.end(); row += s_.length) {
      const auto end = row + s_.length;
      const float largest = *std::max_element(row, end);
      float sum = 0.0F;
      std::for_each(row, end, [&](float x) { sum += std::exp(x - largest); });
      const float log_sum = std::log(sum);
      std::transform(row, end, row, [&](float x) { return x - largest - log_sum; });
    }
    store_reals(operands[1], all);
  }

 private:
  mw_log_softmax_section s_;
};

}  // namespace

std::unique_ptr<Kernel> make_quantize(const KernelRecord& record) {
  return std::make_unique<Quantize>(record);
}

std::unique_ptr<Kernel> make_dequantize(const KernelRecord& record) {
  return std::make_unique<Dequantize>(record);
}

std::unique_ptr<Kernel> make_log_softmax(const KernelRecord& record) {
  return std::make_unique<LogSoftmax>(record);
}

}  // namespace milliwatt::mcu
