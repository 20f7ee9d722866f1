// SPDX-License-Identifier: Apache-2.0
// Sums, means and maxima over dimensions.
#include <algorithm>
#include <limits>
#include <vector>

#include "abi/kernel_reduce.h"
#include "mcu/kernel_families.h"
#include "mcu/kernel_sums.h"

namespace milliwatt::mcu {

namespace {

/// What both reductions share: which elements stand behind each output.
class Reduction : public Kernel {
 public:
  explicit Reduction(const KernelRecord& record)
      : Kernel{record}, s_(record.section<mw_reduce_section>()) {
    constexpr unsigned kDimensions = MW_KERNEL_MOST_DIMENSIONS;
    require_operands(record, 2);
    require_integers(record, 0, "the input");
    require_integers(record, 1, "the output");
    const auto& e = s_.extents;
    inputs_ = volume("the input", {e[0], e[1], e[2], e[3], e[4], e[5]});
    require(s_.reduced >> kDimensions == 0, "the reduced dimensions are {:#x}", s_.reduced);
    outputs_ = kept().count();
    require_operand(record, 0, "the input", MW_USE_READ, inputs_);
    require_operand(record, 1, "the output", MW_USE_WRITE, outputs_);
    work_.taps = inputs_;
  }

 protected:
  /// Folds the elements behind each output, beginning with `first`, and hands the result to
  /// finish(folded, index of the output).
  template <typename Combine, typename Finish>
  void fold(const std::uint8_t* input, std::int64_t first, Combine combine, Finish finish) const {
    const std::vector<std::int32_t> values = load_elements(input, inputs_, bits(0));
    Odometer outer = kept();
    Odometer inner = dimensions(true);
    for (std::int64_t output = 0; output < outputs_; ++output, outer.advance()) {
      std::int64_t folded = first;
      for (std::int64_t i = inputs_ / outputs_; i > 0; --i, inner.advance()) {
        folded = combine(folded, values[static_cast<std::size_t>(outer.place() + inner.place())]);
      }
      finish(folded, output);
    }
  }

  std::int64_t outputs() const { return outputs_; }

  mw_reduce_section s_;

 private:
  Odometer kept() const { return dimensions(false); }
  /// The dimensions that are reduced, or the others.
  Odometer dimensions(bool reduced) const {
    std::vector<Odometer::Dimension> chosen;
    std::int64_t stride = 1;
    for (int d = MW_KERNEL_MOST_DIMENSIONS; d-- > 0;) {
      if (((s_.reduced >> d & 1U) != 0) == reduced) {
        chosen.insert(chosen.begin(), {s_.extents[d], stride});
      }
      stride *= s_.extents[d];
    }
    return Odometer(std::move(chosen));
  }

  std::int64_t inputs_ = 0;
  std::int64_t outputs_ = 0;
};

/// Sums, and means as sums whose factor divides.
class ReduceSum : public Reduction {
 public:
  explicit ReduceSum(const KernelRecord& record) : Reduction{record} {
    require_element("the input zero point", s_.input_zero_point, bits(0));
    require_element("the output zero point", s_.output_zero_point, bits(1));
    require_multiplier("the factor", s_.output, kLowestExponent, highest_exponent(false));
    require_clamp(s_.clamp_low, s_.clamp_high, bits(1));
    work_.outputs = outputs();
  }

  void run(const Pointers& operands) const override {
    ElementWriter writer(operands[1], outputs(), bits(1));
    const auto add = [&](std::int64_t sum, std::int32_t x) {
      return sum + x - s_.input_zero_point;
    };
    fold(operands[0], 0, add, [&](std::int64_t sum, std::int64_t output) {
      writer.put_clamped(scale_sum(sum, s_.output, false, output) + s_.output_zero_point,
                         s_.clamp_low, s_.clamp_high);
    });
  }
};

class ReduceMax : public Reduction {
 public:
  explicit ReduceMax(const KernelRecord& record) : Reduction{record} {
    require(bits(0) == bits(1), "a maximum of {} bits has {} bits", bits(0), bits(1));
  }

  void run(const Pointers& operands) const override {
    ElementWriter writer(operands[1], outputs(), bits(1));
    const auto larger = [](std::int64_t best, std::int32_t x) {
      return std::max<std::int64_t>(best, x);
    };
    fold(operands[0], std::numeric_limits<std::int32_t>::min(), larger,
         [&](std::int64_t best, std::int64_t) { writer.put(static_cast<std::int32_t>(best)); });
  }
};

}  // namespace

std::unique_ptr<Kernel> make_reduce_sum(const KernelRecord& record) {
  return std::make_unique<ReduceSum>(record);
}

std::unique_ptr<Kernel> make_reduce_max(const KernelRecord& record) {
  return std::make_unique<ReduceMax>(record);
}

}  // namespace milliwatt::mcu
