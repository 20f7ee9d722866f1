// SPDX-License-Identifier: Apache-2.0
// Images of another size: the nearest pixel, or a blend of the four around.
#include <algorithm>
#include <cmath>
#include <vector>

#include "abi/kernel_reduce.h"
#include "mcu/kernel_families.h"
#include "mcu/kernel_sums.h"

namespace milliwatt::mcu {

namespace {

/// Longest side of an image: its positions are exact in floats.
constexpr std::int64_t kMostPixels = 1 << 16;

/// What both kinds share: two images of the same batch and channels.
class Resize : public Kernel {
 public:
  explicit Resize(const KernelRecord& record)
      : Kernel{record}, s_(record.section<mw_resize_section>()) {
    require_operands(record, 2);
    require(bits(0) == bits(1), "pixels of {} bits become {} bits", bits(0), bits(1));
    for (const std::int32_t side : {s_.input_h, s_.input_w, s_.output_h, s_.output_w}) {
      require_range("a side", side, 1, kMostPixels);
    }
    require_range("align_corners", s_.align_corners, 0, 1);
    require_range("half_pixel_centers", s_.half_pixel_centers, 0, 1 - s_.align_corners);
    inputs_ = volume("the input", {s_.batch, s_.input_h, s_.input_w, s_.channels});
    outputs_ = volume("the output", {s_.batch, s_.output_h, s_.output_w, s_.channels});
    require_operand(record, 0, "the input", MW_USE_READ, inputs_);
    require_operand(record, 1, "the output", MW_USE_WRITE, outputs_);
  }

 protected:
  std::int64_t inputs() const { return inputs_; }
  std::int64_t outputs() const { return outputs_; }

  /// The steps from pixel to pixel on a side, as the ratio of two lengths.
  struct Ratio {
    std::int32_t input;
    std::int32_t output;
  };
  Ratio ratio(std::int32_t input, std::int32_t output) const {
    return s_.align_corners != 0 && output > 1 ? Ratio{input - 1, output - 1}
                                               : Ratio{input, output};
  }

  /// Place of the first channel of a pixel in the input.
  std::int64_t pixel(std::int64_t image, std::int64_t y, std::int64_t x) const {
    return ((image * s_.input_h + y) * s_.input_w + x) * s_.channels;
  }

  mw_resize_section s_;

 private:
  std::int64_t inputs_ = 0;
  std::int64_t outputs_ = 0;
};

class ResizeNearest : public Resize {
 public:
  explicit ResizeNearest(const KernelRecord& record) : Resize{record} {
    require(bits(0) <= 32, "pixels have {} bits", bits(0));
    work_.moved = outputs();
    work_.reals = std::int64_t{s_.output_h} + s_.output_w;
  }

  void run(const Pointers& operands) const override {
    const std::vector<std::int32_t> image = load_elements(operands[0], inputs(), bits(0));
    ElementWriter writer(operands[1], outputs(), bits(1));
    const auto rows = sources(s_.input_h, s_.output_h);
    const auto columns = sources(s_.input_w, s_.output_w);
    for (std::int64_t n = 0; n < s_.batch; ++n) {
      for (const std::int32_t y : rows) {
        for (const std::int32_t x : columns) {
          const std::int32_t* from = image.data() + pixel(n, y, x);
          std::for_each(from, from + s_.channels, [&](std::int32_t value) { writer.put(value); });
        }
      }
    }
  }

 private:
  /// The pixel of the input for each position of the output, in binary32 as TFLite Micro does it.
  std::vector<std::int32_t> sources(std::int32_t input, std::int32_t output) const {
    const Ratio steps = ratio(input, output);
    const float scale = static_cast<float>(steps.input) / static_cast<float>(steps.output);
    const float offset = s_.half_pixel_centers != 0 ? 0.5F : 0.0F;
    std::vector<std::int32_t> all;
    for (std::int32_t position = 0; position < output; ++position) {
      const float place = (static_cast<float>(position) + offset) * scale;
      const float whole = s_.align_corners != 0 ? std::round(place) : std::floor(place);
      all.push_back(std::min(static_cast<std::int32_t>(whole), input - 1));
    }
    return all;
  }
};

/// Positions and weights count 1024ths of a pixel.
class ResizeBilinear : public Resize {
 public:
  explicit ResizeBilinear(const KernelRecord& record) : Resize{record} {
    require_integers(record, 0, "the input");
    require_integers(record, 1, "the output");
    require_inside(s_.input_h, s_.output_h);
    require_inside(s_.input_w, s_.output_w);
    work_.blends = outputs();
  }

  void run(const Pointers& operands) const override {
    const std::vector<std::int32_t> image = load_elements(operands[0], inputs(), bits(0));
    ElementWriter writer(operands[1], outputs(), bits(1));
    for (std::int64_t n = 0; n < s_.batch; ++n) {
      for (std::int32_t row = 0; row < s_.output_h; ++row) {
        const Pair y = pair(row, s_.input_h, s_.output_h);
        for (std::int32_t column = 0; column < s_.output_w; ++column) {
          const Pair x = pair(column, s_.input_w, s_.output_w);
          const std::int32_t* const corners[] = {
              image.data() + pixel(n, y.low, x.low), image.data() + pixel(n, y.low, x.high),
              image.data() + pixel(n, y.high, x.low), image.data() + pixel(n, y.high, x.high)};
          for (std::int64_t c = 0; c < s_.channels; ++c) {
            writer.put(blend(corners, c, y.weight, x.weight));
          }
        }
      }
    }
  }

 private:
  static constexpr std::int64_t kOne = 1024;

  /// The pixels around a position of the output and the weight of the second one. In front of the
  /// first pixel, where the weight is negative, both are the same.
  struct Pair {
    std::int64_t low;
    std::int64_t high;
    std::int64_t weight;
  };

  Pair pair(std::int64_t position, std::int32_t input, std::int32_t output) const {
    const Ratio steps = ratio(input, output);
    const std::int64_t scale = (kOne * steps.input + steps.output / 2) / steps.output;
    const std::int64_t shift = s_.half_pixel_centers != 0 ? scale / 2 - kOne / 2 : 0;
    const std::int64_t place = position * scale + shift;
    const std::int64_t low = std::max<std::int64_t>(place / kOne, 0);
    return {low, std::min<std::int64_t>((place + kOne - 1) / kOne, input - 1), place - kOne * low};
  }

  /// A scale rounded to 1024ths can lead beyond the image, far from its beginning.
  void require_inside(std::int32_t input, std::int32_t output) const {
    require(pair(output - 1, input, output).low < input,
            "the last of {} positions lies beyond the input of {}", output, input);
  }

  static std::int32_t blend(const std::int32_t* const (&corners)[4], std::int64_t channel,
                            std::int64_t y, std::int64_t x) {
    const std::int64_t top = corners[0][channel] * (kOne - x) + corners[1][channel] * x;
    const std::int64_t bottom = corners[2][channel] * (kOne - x) + corners[3][channel] * x;
    const std::int64_t sum = top * (kOne - y) + bottom * y;
    const std::int64_t half = kOne * kOne / 2;
    return static_cast<std::int32_t>((sum + (sum > 0 ? half : -half)) / (kOne * kOne));
  }
};

}  // namespace

std::unique_ptr<Kernel> make_resize_nearest(const KernelRecord& record) {
  return std::make_unique<ResizeNearest>(record);
}

std::unique_ptr<Kernel> make_resize_bilinear(const KernelRecord& record) {
  return std::make_unique<ResizeBilinear>(record);
}

}  // namespace milliwatt::mcu
