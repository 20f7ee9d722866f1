// SPDX-License-Identifier: Apache-2.0
#include "mcu/kernel_record.h"

#include "base/traffic.h"
#include "workloads/packing.h"

namespace milliwatt::mcu {

namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the structures of abi/ are read as they lie in memory");

constexpr bool same(mw_tensor_class ours, base::TensorClass theirs) {
  return static_cast<int>(ours) == static_cast<int>(theirs);
}
static_assert(same(MW_TENSOR_IFMAP, base::TensorClass::kIfmap) &&
                  same(MW_TENSOR_WEIGHTS, base::TensorClass::kWeights) &&
                  same(MW_TENSOR_PARAMETERS, base::TensorClass::kParameters) &&
                  same(MW_TENSOR_OFMAP, base::TensorClass::kOfmap) &&
                  same(MW_TENSOR_STATE, base::TensorClass::kState),
              "a class of operands is one of the traffic reports");

/// Largest kernel extent, stride and dilation of a window.
constexpr std::int64_t kMaximumWindow = 1 << 16;

void check_operand(std::size_t index, const mw_kernel_operand& operand) {
  const int bits = operand.bits;
  require(operand.use >= MW_USE_READ && operand.use <= MW_USE_STATE, "operand {} has the use {}",
          index, operand.use);
  require((bits >= 2 && bits <= 8) || bits == 16 || bits == 32 || bits == 64,
          "operand {} has elements of {} bits", index, bits);
  require(operand.is_float == 0 || (operand.is_float == 1 && bits == 32),
          "operand {} has {} bits and is_float {}", index, bits, operand.is_float);
  require(operand.tensor_class < MW_TENSOR_CLASSES, "operand {} has the class {}", index,
          operand.tensor_class);
  require(operand.bytes >= 1 && operand.bytes <= kMaximumOperandBytes, "operand {} has {} bytes",
          index, operand.bytes);
}

/// One axis of a window: every position has a tap that may touch the image.
void require_axis(std::int64_t input, std::int64_t output, std::int64_t kernel, std::int64_t stride,
                  std::int64_t dilation, std::int64_t pad) {
  require_range("the kernel's extent", kernel, 1, kMaximumWindow);
  require_range("the stride", stride, 1, kMaximumWindow);
  require_range("the dilation", dilation, 1, kMaximumWindow);
  require_range("the padding", pad, 0, (kernel - 1) * dilation);
  require((output - 1) * stride - pad < input, "the last of {} outputs lies beyond the input of {}",
          output, input);
}

}  // namespace

KernelRecord::KernelRecord(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {
  require(bytes_.size() >= sizeof head_, "a record of {} bytes has no head", bytes_.size());
  std::memcpy(&head_, bytes_.data(), sizeof head_);
  require(head_.bytes == bytes_.size() && head_.bytes % 8 == 0,
          "the record has {} bytes, its head says {}", bytes_.size(), head_.bytes);
  require(head_.operands <= MW_KERNEL_MOST_OPERANDS, "{} operands are more than {}", head_.operands,
          static_cast<int>(MW_KERNEL_MOST_OPERANDS));
  section_ = sizeof head_ + head_.operands * sizeof(mw_kernel_operand);
  require(section_ <= bytes_.size(), "{} operands do not fit a record of {} bytes", head_.operands,
          bytes_.size());
  operands_.resize(head_.operands);
  if (!operands_.empty()) {
    std::memcpy(operands_.data(), bytes_.data() + sizeof head_,
                operands_.size() * sizeof(mw_kernel_operand));
  }
  std::int64_t total = 0;
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    check_operand(i, operands_[i]);
    total += operands_[i].bytes;
  }
  require_range("the size of all operands", total, 0, MW_KERNEL_MOST_TOTAL_BYTES);
}

int KernelRecord::layer() const {
  if (head_.layer == MW_KERNEL_NO_LAYER) {
    return base::kNoLayer;
  }
  require_range("the layer", head_.layer, 0, INT16_MAX);
  return head_.layer;
}

void KernelRecord::require_section(std::uint64_t least, std::uint64_t most) const {
  const std::uint64_t size = bytes_.size() - section_;
  require(size >= least && size <= most, "the section has {} bytes, expected {}", size, least);
}

void require_range(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
  require(value >= low && value <= high, "{} is {}, allowed are {} to {}", name, value, low, high);
}

std::int64_t volume(const char* name, std::initializer_list<std::int64_t> extents,
                    std::int64_t limit) {
  std::int64_t product = 1;
  for (const std::int64_t extent : extents) {
    require(extent >= 1, "{} has an extent of {}", name, extent);
    require(!__builtin_mul_overflow(product, extent, &product) && product <= limit,
            "{} is larger than {}", name, limit);
  }
  return product;
}

std::int64_t steps(std::initializer_list<std::int64_t> extents) {
  return volume("the work", extents, kMaximumKernelSteps);
}

void require_operands(const KernelRecord& record, std::size_t operands) {
  require(record.operands().size() == operands, "{} operands instead of {}",
          record.operands().size(), operands);
}

void require_operand(const KernelRecord& record, std::size_t index, const char* name, mw_use use,
                     std::int64_t elements) {
  const mw_kernel_operand& operand = record.operands().at(index);
  require(operand.use == use, "{} has the use {} instead of {}", name, operand.use,
          static_cast<int>(use));
  const std::int64_t expected = workloads::packed_bytes(elements, operand.bits);
  require(operand.bytes == expected, "{} has {} bytes, expected {}", name, operand.bytes, expected);
}

void require_integers(const KernelRecord& record, std::size_t index, const char* name,
                      bool also_32) {
  const mw_kernel_operand& operand = record.operands().at(index);
  const bool good = operand.bits <= 16 || (also_32 && operand.bits == 32);
  require(good && operand.is_float == 0, "{} has {}{} bits", name,
          operand.is_float != 0 ? "floats of " : "", operand.bits);
}

void require_element(const char* name, std::int64_t value, int bits) {
  const std::int64_t end = std::int64_t{1} << (bits - 1);
  require_range(name, value, -end, end - 1);
}

void require_clamp(std::int32_t low, std::int32_t high, int bits) {
  require_element("the lower clamp", low, bits);
  const std::int64_t end = std::int64_t{1} << (bits - 1);
  require_range("the upper clamp", high, low, end - 1);
}

void require_multiplier(const char* name, mw_multiplier m, int lowest, int highest) {
  require(m.mantissa >= 0 && m.exponent >= lowest && m.exponent <= highest,
          "{} is {} * 2^{}, allowed are positive ones with exponents of {} to {}", name, m.mantissa,
          m.exponent, lowest, highest);
}

void require_window(const mw_conv_geometry& g) {
  require_axis(g.input_h, g.output_h, g.kernel_h, g.stride_h, g.dilation_h, g.pad_top);
  require_axis(g.input_w, g.output_w, g.kernel_w, g.stride_w, g.dilation_w, g.pad_left);
}

std::int64_t input_elements(const mw_conv_geometry& g) {
  return volume("the input", {g.batch, g.input_h, g.input_w, g.input_c});
}

std::int64_t output_elements(const mw_conv_geometry& g) {
  return volume("the output", {g.batch, g.output_h, g.output_w, g.output_c});
}

void require_taps(const mw_conv_geometry& g) {
  require_range("the number of taps", std::int64_t{g.kernel_h} * g.kernel_w, 1,
                MW_KERNEL_MOST_TAPS);
}

}  // namespace milliwatt::mcu
