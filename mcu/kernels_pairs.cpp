// SPDX-License-Identifier: Apache-2.0
// Kernels of two inputs that broadcast: addition and subtraction, products, the larger or smaller.
#include <algorithm>
#include <vector>

#include "mcu/kernel_broadcast.h"
#include "mcu/kernel_families.h"
#include "workloads/quantization.h"

namespace milliwatt::mcu {

namespace {

enum Place : std::size_t { kA, kB, kOutput, kOperands };

std::int64_t extent(const char* name, const std::int32_t (&d)[MW_KERNEL_MOST_DIMENSIONS]) {
  return volume(name, {d[0], d[1], d[2], d[3], d[4], d[5]});
}

/// Differences to a zero point fit one bit more than the type; those of 16 bits have none.
void require_zero_point(const char* name, std::int32_t zero_point, int bits) {
  require_element(name, zero_point, bits);
  require(bits <= 8 || zero_point == 0, "{} of 16 bits is {}", name, zero_point);
}

}  // namespace

std::int64_t require_broadcast(const KernelRecord& record, const mw_broadcast& dims) {
  require_operands(record, kOperands);
  require_integers(record, kA, "operand a");
  require_integers(record, kB, "operand b");
  require_integers(record, kOutput, "the output");
  require_operand(record, kA, "operand a", MW_USE_READ, extent("operand a", dims.a));
  require_operand(record, kB, "operand b", MW_USE_READ, extent("operand b", dims.b));
  const std::int64_t elements = extent("the output", dims.output);
  require_operand(record, kOutput, "the output", MW_USE_WRITE, elements);
  for (int i = 0; i < MW_KERNEL_MOST_DIMENSIONS; ++i) {
    const std::int32_t a = dims.a[i];
    const std::int32_t b = dims.b[i];
    require((a == b || a == 1 || b == 1) && dims.output[i] == std::max(a, b),
            "dimension {}: {} and {} do not broadcast to {}", i, a, b, dims.output[i]);
  }
  return elements;
}

namespace {

class Addition : public Kernel {
 public:
  explicit Addition(const KernelRecord& record)
      : Kernel{record},
        s_{record.section<mw_addition_section>()},
        sign_{record.kernel() == MW_KERNEL_SUB ? -1 : 1} {
    work_.additions = require_broadcast(record, s_.dims);
    require_zero_point("the zero point of a", s_.zero_point_a, bits(kA));
    require_zero_point("the zero point of b", s_.zero_point_b, bits(kB));
    require_element("the output zero point", s_.output_zero_point, bits(kOutput));
    // Both shifted addends stay below 2^30 in magnitude, so that their sum fits 32 bits.
    const int widest = std::max(bits(kA), bits(kB));
    require_range("the left shift", s_.left_shift, 0, widest <= 8 ? 22 : 15);
    require_multiplier("the multiplier of a", s_.a, -31, 0);
    require_multiplier("the multiplier of b", s_.b, -31, 0);
    require_multiplier("the multiplier", s_.output, -31, 0);
    require_clamp(s_.clamp_low, s_.clamp_high, bits(kOutput));
  }

  void run(const Pointers& operands) const override {
    const auto a = addends(operands[kA], kA, s_.zero_point_a, s_.a);
    const auto b = addends(operands[kB], kB, s_.zero_point_b, s_.b);
    ElementWriter output(operands[kOutput], work().additions, bits(kOutput));
    for_each_pair(s_.dims, a.data(), b.data(), [&](std::int32_t x, std::int32_t y) {
      const std::int64_t scaled =
          workloads::requantize(x + sign_ * y, {s_.output.mantissa, s_.output.exponent});
      output.put_clamped(scaled + s_.output_zero_point, s_.clamp_low, s_.clamp_high);
    });
  }

 private:
  /// The scaled addends of all elements: (value - zero point) << shift, requantized.
  std::vector<std::int32_t> addends(const std::uint8_t* bytes, std::size_t operand,
                                    std::int32_t zero_point, mw_multiplier m) const {
    const std::int64_t elements = std::int64_t{operands()[operand].bytes} * 8 / bits(operand);
    std::vector<std::int32_t> all = load_elements(bytes, elements, bits(operand));
    for (std::int32_t& value : all) {
      const std::int32_t shifted = (value - zero_point) * (std::int32_t{1} << s_.left_shift);
      value = workloads::requantize(shifted, {m.mantissa, m.exponent});
    }
    return all;
  }

  mw_addition_section s_;
  std::int32_t sign_;
};

/// All elements of an operand.
std::vector<std::int32_t> values_of(const Kernel& kernel, const Kernel::Pointers& pointers,
                                    std::size_t operand) {
  const mw_kernel_operand& o = kernel.operands()[operand];
  return load_elements(pointers[operand], std::int64_t{o.bytes} * 8 / o.bits, o.bits);
}

class Product : public Kernel {
 public:
  explicit Product(const KernelRecord& record)
      : Kernel{record}, s_{record.section<mw_product_section>()} {
    work_.rescaled = require_broadcast(record, s_.dims);
    require_zero_point("the zero point of a", s_.zero_point_a, bits(kA));
    require_zero_point("the zero point of b", s_.zero_point_b, bits(kB));
    require_element("the output zero point", s_.output_zero_point, bits(kOutput));
    require((bits(kA) <= 8) == (bits(kB) <= 8), "a has {} bits and b {}", bits(kA), bits(kB));
    // Products stay below 2^(bits of a + bits of b), or are at most 2^30 of 16 bits.
    require_multiplier("the multiplier", s_.output, -31, std::max(0, 30 - bits(kA) - bits(kB)));
    require_clamp(s_.clamp_low, s_.clamp_high, bits(kOutput));
  }

  void run(const Pointers& operands) const override {
    const auto a = values_of(*this, operands, kA);
    const auto b = values_of(*this, operands, kB);
    ElementWriter output(operands[kOutput], work().rescaled, bits(kOutput));
    for_each_pair(s_.dims, a.data(), b.data(), [&](std::int32_t x, std::int32_t y) {
      const std::int32_t product = (x - s_.zero_point_a) * (y - s_.zero_point_b);
      const std::int64_t scaled =
          workloads::requantize(product, {s_.output.mantissa, s_.output.exponent});
      output.put_clamped(scaled + s_.output_zero_point, s_.clamp_low, s_.clamp_high);
    });
  }

 private:
  mw_product_section s_;
};

class Extremum : public Kernel {
 public:
  explicit Extremum(const KernelRecord& record)
      : Kernel{record},
        s_{record.section<mw_product_section>()},
        largest_{record.kernel() == MW_KERNEL_MAXIMUM} {
    work_.moved = require_broadcast(record, s_.dims);
    require(bits(kA) == bits(kOutput) && bits(kB) == bits(kOutput),
            "operands have {}, {} and {} bits", bits(kA), bits(kB), bits(kOutput));
  }

  void run(const Pointers& operands) const override {
    const auto a = values_of(*this, operands, kA);
    const auto b = values_of(*this, operands, kB);
    ElementWriter output(operands[kOutput], work().moved, bits(kOutput));
    for_each_pair(s_.dims, a.data(), b.data(), [&](std::int32_t x, std::int32_t y) {
      output.put(largest_ ? std::max(x, y) : std::min(x, y));
    });
  }

 private:
  mw_product_section s_;
  bool largest_;
};

}  // namespace

std::unique_ptr<Kernel> make_product(const KernelRecord& record) {
  return std::make_unique<Product>(record);
}
std::unique_ptr<Kernel> make_extremum(const KernelRecord& record) {
  return std::make_unique<Extremum>(record);
}

std::unique_ptr<Kernel> make_addition(const KernelRecord& record) {
  return std::make_unique<Addition>(record);
}

}  // namespace milliwatt::mcu
