// SPDX-License-Identifier: Apache-2.0
// Transposed convolution and the product of two activations.
#include <algorithm>
#include <vector>

#include "abi/kernel_matrix.h"
#include "mcu/kernel_families.h"
#include "mcu/kernel_output.h"
#include "mcu/kernel_sums.h"

namespace milliwatt::mcu {

namespace {

using Values = std::vector<std::int32_t>;

/// The convolution from the output back to the ifmap.
mw_conv_geometry backward(const mw_transpose_conv_section& s) {
  return {s.batch,    s.output_h, s.output_w, s.output_c, s.input_h,
          s.input_w,  s.input_c,  s.kernel_h, s.kernel_w, s.stride_h,
          s.stride_w, 1,          1,          s.pad_top,  s.pad_left};
}

/// Gathers, for each output pixel, the pixels of the ifmap whose windows lie over it.
class TransposeConv : public Kernel {
 public:
  explicit TransposeConv(const KernelRecord& record)
      : Kernel{record}, s_(record.section<mw_transpose_conv_section>()) {
    require_operands(record, 4);
    require_integers(record, 0, "the input");
    require_integers(record, 1, "the filter");
    require_integers(record, 3, "the output");
    const std::int64_t filters =
        volume("the filter", {s_.output_c, s_.kernel_h, s_.kernel_w, s_.input_c});
    require_operand(record, 0, "the input", MW_USE_READ, inputs());
    require_operand(record, 1, "the filter", MW_USE_READ, filters);
    require_operand(record, 3, "the output", MW_USE_WRITE, outputs());
    require_output_table(record, 2, s_.output_c, bits(3));
    require_window(backward(s_));
    require_element("the input zero point", s_.input_zero_point, bits(0));
    require_element("the output zero point", s_.output_zero_point, bits(3));
    require_clamp(s_.clamp_low, s_.clamp_high, bits(3));
    steps({outputs(), s_.kernel_h, s_.kernel_w});
    work_.macs = steps({inputs(), s_.kernel_h, s_.kernel_w, s_.output_c});
    work_.outputs = outputs();
  }

  void run(const Pointers& operands) const override {
    const Values image = load_centred(operands[0], inputs(), bits(0), s_.input_zero_point);
    const Values filter =
        load_elements(operands[1], taps() * s_.output_c * std::int64_t{s_.input_c}, bits(1));
    const OutputStage stage(operands[2], s_.output_c, bits(3), s_.output_zero_point, s_.clamp_low,
                            s_.clamp_high);
    ElementWriter writer(operands[3], outputs(), bits(3));
    std::vector<std::int64_t> sums(static_cast<std::size_t>(s_.output_c));
    const std::int64_t pixels = std::int64_t{s_.batch} * s_.output_h * s_.output_w;
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      sum_pixel(pixel, image, filter, sums);
      for (std::size_t c = 0; c < sums.size(); ++c) {
        writer.put(stage.finish(sums[c], static_cast<std::int64_t>(c)));
      }
    }
  }

 private:
  std::int64_t taps() const { return std::int64_t{s_.kernel_h} * s_.kernel_w; }
  std::int64_t inputs() const {
    return volume("the input", {s_.batch, s_.input_h, s_.input_w, s_.input_c});
  }
  std::int64_t outputs() const {
    return volume("the output", {s_.batch, s_.output_h, s_.output_w, s_.output_c});
  }

  /// The position of the ifmap whose tap `tap` lies over an output position; none: negative.
  static std::int64_t source(std::int64_t output, std::int64_t tap, std::int64_t stride,
                             std::int64_t pad, std::int64_t inputs) {
    const std::int64_t distance = output + pad - tap;
    const bool hit = distance >= 0 && distance % stride == 0 && distance / stride < inputs;
    return hit ? distance / stride : -1;
  }

  void sum_pixel(std::int64_t pixel, const Values& image, const Values& filter,
                 std::vector<std::int64_t>& sums) const {
    const std::int64_t line = pixel / s_.output_w;
    std::fill(sums.begin(), sums.end(), 0);
    for (std::int64_t ky = 0; ky < s_.kernel_h; ++ky) {
      const std::int64_t y = source(line % s_.output_h, ky, s_.stride_h, s_.pad_top, s_.input_h);
      for (std::int64_t kx = 0; y >= 0 && kx < s_.kernel_w; ++kx) {
        const std::int64_t x =
            source(pixel % s_.output_w, kx, s_.stride_w, s_.pad_left, s_.input_w);
        if (x >= 0) {
          const std::int64_t from = (line / s_.output_h * s_.input_h + y) * s_.input_w + x;
          add_tap(image.data() + from * s_.input_c, filter, ky * s_.kernel_w + kx, sums);
        }
      }
    }
  }

  void add_tap(const std::int32_t* pixel, const Values& filter, std::int64_t tap,
               std::vector<std::int64_t>& sums) const {
    const std::int32_t* weights = filter.data() + tap * s_.input_c;
    for (std::int64_t& sum : sums) {
      sum += dot_product(pixel, weights, s_.input_c);
      weights += taps() * s_.input_c;
    }
  }

  mw_transpose_conv_section s_;
};

/// Products of matrices, of which either side may repeat.
class Matmul : public Kernel {
 public:
  explicit Matmul(const KernelRecord& record)
      : Kernel{record}, s_(record.section<mw_matmul_section>()) {
    require_operands(record, 3);
    const char* const names[] = {"operand a", "operand b", "the output"};
    const std::int64_t elements[] = {count(names[0], s_.matrices_a, s_.rows, s_.depth),
                                     count(names[1], s_.matrices_b, s_.depth, s_.columns),
                                     volume(names[2], {matrices(0), matrices(1), matrices(2),
                                                       matrices(3), s_.rows, s_.columns})};
    for (std::size_t i = 0; i < 3; ++i) {
      require_integers(record, i, names[i]);
      require_operand(record, i, names[i], i < 2 ? MW_USE_READ : MW_USE_WRITE, elements[i]);
    }
    require_range("transpose_a", s_.transpose_a, 0, 1);
    require_range("transpose_b", s_.transpose_b, 0, 1);
    require_element("the zero point of a", s_.zero_point_a, bits(0));
    require_element("the zero point of b", s_.zero_point_b, bits(1));
    require_element("the output zero point", s_.output_zero_point, bits(2));
    require_multiplier("the factor", s_.output, kLowestExponent, highest_exponent(wide()));
    require_clamp(s_.clamp_low, s_.clamp_high, bits(2));
    work_.outputs = elements[2];
    work_.macs = steps({elements[2], s_.depth});
  }

  void run(const Pointers& operands) const override {
    const Side left = side(operands[0], 0, s_.matrices_a, s_.zero_point_a, s_.transpose_a != 0);
    const Side right = side(operands[1], 1, s_.matrices_b, s_.zero_point_b, s_.transpose_b != 0);
    Odometer a = left.matrices;
    Odometer b = right.matrices;
    ElementWriter writer(operands[2], work().outputs, bits(2));
    for (std::int64_t done = 0; done < work().outputs; done += std::int64_t{s_.rows} * s_.columns) {
      multiply(left, left.values.data() + a.place(), right, right.values.data() + b.place(),
               writer);
      a.advance();
      b.advance();
    }
  }

 private:
  /// An operand: its values, how its matrices follow each other, and the distance of rows and
  /// columns as the product sees them.
  struct Side {
    Values values;
    Odometer matrices;
    std::int64_t by_row;
    std::int64_t by_column;
  };

  bool wide() const { return bits(2) == 16; }

  /// Extent `i` of the output's leading dimensions.
  std::int64_t matrices(std::size_t i) const {
    const std::int32_t a = s_.matrices_a[i];
    const std::int32_t b = s_.matrices_b[i];
    require(a == b || a == 1 || b == 1, "dimension {}: {} and {} do not broadcast", i, a, b);
    return std::max(a, b);
  }

  static std::int64_t count(const char* name, const std::int32_t (&matrices)[4], std::int32_t rows,
                            std::int32_t columns) {
    return volume(name, {matrices[0], matrices[1], matrices[2], matrices[3], rows, columns});
  }

  Side side(const std::uint8_t* bytes, std::size_t operand, const std::int32_t (&extents)[4],
            std::int32_t zero_point, bool transposed) const {
    const std::int64_t rows = operand == 0 ? s_.rows : s_.depth;
    const std::int64_t columns = operand == 0 ? s_.depth : s_.columns;
    std::vector<Odometer::Dimension> dimensions(4);
    std::int64_t size = rows * columns;
    for (std::size_t i = 4; i-- > 0;) {
      dimensions[i] = {matrices(i), extents[i] == 1 ? 0 : size};
      size *= extents[i];
    }
    return {load_centred(bytes, size, bits(operand), zero_point), Odometer(std::move(dimensions)),
            transposed ? 1 : columns, transposed ? rows : 1};
  }

  void multiply(const Side& left, const std::int32_t* a, const Side& right, const std::int32_t* b,
                ElementWriter& writer) const {
    for (std::int64_t row = 0; row < s_.rows; ++row) {
      for (std::int64_t column = 0; column < s_.columns; ++column) {
        const std::int32_t* x = a + row * left.by_row;
        const std::int32_t* y = b + column * right.by_column;
        std::int64_t sum = 0;
        for (std::int64_t k = 0; k < s_.depth; ++k, x += left.by_column, y += right.by_row) {
          sum += std::int64_t{*x} * *y;
        }
        writer.put_clamped(scale_sum(sum, s_.output, wide(), column) + s_.output_zero_point,
                           s_.clamp_low, s_.clamp_high);
      }
    }
  }

  mw_matmul_section s_;
};

}  // namespace

std::unique_ptr<Kernel> make_transpose_conv(const KernelRecord& record) {
  return std::make_unique<TransposeConv>(record);
}

std::unique_ptr<Kernel> make_matmul(const KernelRecord& record) {
  return std::make_unique<Matmul>(record);
}

}  // namespace milliwatt::mcu
