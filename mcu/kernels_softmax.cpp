// SPDX-License-Identifier: Apache-2.0
// Softmax over rows.
#include <algorithm>
#include <vector>

#include "abi/kernel_elementwise.h"
#include "mcu/kernel_elements.h"
#include "mcu/kernel_families.h"
#include "workloads/fixed_point.h"

namespace milliwatt::mcu {

namespace {

/// Longest row: the sum of its exponentials stays in 32 bits.
constexpr std::int64_t kMaximumDepth = 4095;

enum Place : std::size_t { kInput, kOutput, kOperands };

class Softmax : public Kernel {
 public:
  explicit Softmax(const KernelRecord& record)
      : Kernel{record}, s_{record.section<mw_softmax_section>()} {
    require_operands(record, kOperands);
    require_integers(record, kInput, "the input");
    require_integers(record, kOutput, "the output");
    require(bits(kInput) <= 8, "the input has {} bits", bits(kInput));
    require_range("the row's length", s_.depth, 1, kMaximumDepth);
    require_multiplier("the multiplier", s_.input, 0, 31);
    // Differences become Q5.26 without overflow.
    require_range("the smallest difference", s_.difference_minimum,
                  -((std::int64_t{31} << 26) >> s_.input.exponent), 0);
    const std::int64_t elements = volume("the input", {s_.rows, s_.depth});
    require_operand(record, kInput, "the input", MW_USE_READ, elements);
    require_operand(record, kOutput, "the output", MW_USE_WRITE, elements);
    work_.exponentials = elements;
    work_.rows = s_.rows;
  }

  void run(const Pointers& operands) const override {
    const std::int64_t elements = work().exponentials;
    const auto input = load_elements(operands[kInput], elements, bits(kInput));
    const auto table = exponentials();
    ElementWriter output(operands[kOutput], elements, bits(kOutput));
    for (std::int64_t first = 0; first < elements; first += s_.depth) {
      run_row(input.data() + first, table, output);
    }
  }

 private:
  /// Exponential of every difference 0, -1, ... down to the smallest that counts, in Q0.31.
  std::vector<std::int32_t> exponentials() const {
    const std::int32_t smallest = std::max(s_.difference_minimum, -255);
    std::vector<std::int32_t> table;
    for (std::int32_t difference = 0; difference >= smallest; --difference) {
      const std::int64_t shifted =
          std::int64_t{difference} * (std::int64_t{1} << s_.input.exponent);
      table.push_back(workloads::exp_of_negative(workloads::doubling_high_multiply(
          static_cast<std::int32_t>(shifted), s_.input.mantissa)));
    }
    return table;
  }

  void run_row(const std::int32_t* input, const std::vector<std::int32_t>& table,
               ElementWriter& output) const {
    constexpr int kHeadroom = 12;
    const std::int32_t maximum = *std::max_element(input, input + s_.depth);
    const auto exponential = [&](std::int32_t i) {
      const auto difference = static_cast<std::size_t>(maximum - input[i]);
      return difference < table.size() ? table[difference] : 0;
    };
    std::int32_t sum = 0;
    for (std::int32_t i = 0; i < s_.depth; ++i) {
      sum += workloads::rounding_shift_right(exponential(i), kHeadroom);
    }
    const workloads::Reciprocal scale = workloads::reciprocal(sum);
    const int shift = scale.bits_over_unit + 31 - bits(kOutput);
    const std::int32_t lowest = workloads::lowest_element(bits(kOutput));
    for (std::int32_t i = 0; i < s_.depth; ++i) {
      const std::int32_t share = workloads::doubling_high_multiply(exponential(i), scale.mantissa);
      // A share below 2^31 that is shifted by more than 31 bits rounds to nothing.
      const std::int32_t rounded = shift > 31 ? 0 : workloads::rounding_shift_right(share, shift);
      output.put(std::min(rounded + lowest, -1 - lowest));
    }
  }

  mw_softmax_section s_;
};

}  // namespace

std::unique_ptr<Kernel> make_softmax(const KernelRecord& record) {
  return std::make_unique<Softmax>(record);
}

}  // namespace milliwatt::mcu
