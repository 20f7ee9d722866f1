// SPDX-License-Identifier: Apache-2.0
// Average and max pooling.
#include <algorithm>
#include <limits>
#include <vector>

#include "abi/kernel_elementwise.h"
#include "mcu/kernel_elements.h"
#include "mcu/kernel_families.h"

namespace milliwatt::mcu {

namespace {

/// Sums or maxima of one output pixel, per channel; returns the number of taps inside the image.
template <typename Combine>
std::int32_t fold_pixel(const mw_conv_geometry& g, const std::vector<std::int32_t>& input,
                        std::int64_t pixel, std::vector<std::int32_t>& folded, Combine combine) {
  const std::int64_t line = pixel / g.output_w;
  const std::int64_t top = line % g.output_h * g.stride_h - g.pad_top;
  const std::int64_t left = pixel % g.output_w * g.stride_w - g.pad_left;
  const TapRange rows = taps_inside(top, g.input_h, g.kernel_h, 1);
  const TapRange columns = taps_inside(left, g.input_w, g.kernel_w, 1);
  for (std::int64_t ky = rows.begin; ky < rows.end; ++ky) {
    const std::int64_t y = line / g.output_h * g.input_h + top + ky;
    const std::int32_t* from = input.data() + (y * g.input_w + left + columns.begin) * g.input_c;
    for (std::int32_t kx = columns.begin; kx < columns.end; ++kx, from += g.input_c) {
      for (std::int32_t c = 0; c < g.input_c; ++c) {
        combine(folded[static_cast<std::size_t>(c)], from[c]);
      }
    }
  }
  return (rows.end - rows.begin) * (columns.end - columns.begin);
}

/// sum / count, ties away from zero.
std::int32_t rounded_average(std::int64_t sum, std::int32_t count) {
  return static_cast<std::int32_t>((sum > 0 ? sum + count / 2 : sum - count / 2) / count);
}

enum Place : std::size_t { kInput, kOutput, kOperands };

/// Sums of up to 2^15 taps of 16 bits stay in 32.
class Pool : public Kernel {
 public:
  explicit Pool(const KernelRecord& record)
      : Kernel{record},
        s_{record.section<mw_pool_section>()},
        average_{record.kernel() == MW_KERNEL_AVERAGE_POOL} {
    const mw_conv_geometry& g = s_.geometry;
    require_operands(record, kOperands);
    require_integers(record, kInput, "the input");
    require(bits(kInput) == bits(kOutput), "a pool maps {} bits to {}", bits(kInput),
            bits(kOutput));
    require_window(g);
    require_clamp(s_.clamp_low, s_.clamp_high, bits(kOutput));
    require_taps(g);
    require(g.input_c == g.output_c, "a pool of {} channels has {} outputs", g.input_c, g.output_c);
    require(g.dilation_h == 1 && g.dilation_w == 1, "a pool is dilated");
    require_operand(record, kInput, "the input", MW_USE_READ, input_elements(g));
    require_operand(record, kOutput, "the output", MW_USE_WRITE, output_elements(g));
    work_.taps = steps({output_elements(g), g.kernel_h, g.kernel_w});
  }

  void run(const Pointers& operands) const override {
    const mw_conv_geometry& g = s_.geometry;
    const auto add = [](std::int32_t& sum, std::int32_t x) { sum += x; };
    const auto larger = [](std::int32_t& best, std::int32_t x) { best = std::max(best, x); };
    const auto input = load_elements(operands[kInput], input_elements(g), bits(kInput));
    std::vector<std::int32_t> folded(static_cast<std::size_t>(g.input_c));
    ElementWriter output(operands[kOutput], output_elements(g), bits(kOutput));
    const std::int64_t pixels = std::int64_t{g.batch} * g.output_h * g.output_w;
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      std::fill(folded.begin(), folded.end(),
                average_ ? 0 : workloads::lowest_element(bits(kInput)));
      const std::int32_t taps = average_ ? fold_pixel(g, input, pixel, folded, add)
                                         : fold_pixel(g, input, pixel, folded, larger);
      for (const std::int32_t value : folded) {
        output.put_clamped(average_ ? rounded_average(value, taps) : value, s_.clamp_low,
                           s_.clamp_high);
      }
    }
  }

 private:
  mw_pool_section s_;
  bool average_;
};

}  // namespace

std::unique_ptr<Kernel> make_pool(const KernelRecord& record) {
  return std::make_unique<Pool>(record);
}

}  // namespace milliwatt::mcu
