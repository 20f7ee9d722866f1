// SPDX-License-Identifier: Apache-2.0
#include "mcu/native_kernels.h"

#include <cstring>

#include "mcu/kernel_families.h"

namespace milliwatt::mcu {

namespace {

/// Name and factory by enum mw_kernel.
struct Entry {
  const char* name;
  KernelFactory make;
};
constexpr Entry kKernels[MW_KERNELS] = {
    {"copy", make_copy},
    {"conv", make_conv},
    {"depthwise", make_depthwise},
    {"fully_connected", make_fully_connected},
    {"average_pool", make_pool},
    {"max_pool", make_pool},
    {"add", make_addition},
    {"softmax", make_softmax},
    {"sub", make_addition},
    {"mul", make_product},
    {"maximum", make_extremum},
    {"minimum", make_extremum},
    {"rescale", make_rescale},
    {"leaky_relu", make_rescale},
    {"hard_swish", make_hard_swish},
    {"logistic", make_sigmoid},
    {"tanh", make_sigmoid},
    {"move", make_move},
    {"transpose_conv", make_transpose_conv},
    {"matmul", make_matmul},
    {"reduce_sum", make_reduce_sum},
    {"reduce_max", make_reduce_max},
    {"resize_nearest", make_resize_nearest},
    {"resize_bilinear", make_resize_bilinear},
    {"quantize", make_quantize},
    {"dequantize", make_dequantize},
    {"log_softmax", make_log_softmax},
    {"svdf", make_svdf},
    {"lstm", make_lstm},
};

/// Operands {input, output}, of any elements.
class Copy : public Kernel {
 public:
  explicit Copy(const KernelRecord& record) : Kernel{record} {
    require_operands(record, 2);
    const auto bytes = record.section<mw_copy_section>().bytes;
    for (const std::size_t i : {0, 1}) {
      const std::uint32_t found = operands()[i].bytes;
      require(found == bytes, "{} has {} bytes, expected {}", i == 0 ? "the input" : "the output",
              found, bytes);
    }
    require(operands()[0].use == MW_USE_READ && operands()[1].use == MW_USE_WRITE,
            "a copy reads operand 0 and writes operand 1");
    work_.copied_bytes = bytes;
  }

  void run(const Pointers& operands) const override {
    std::memcpy(operands[1], operands[0], static_cast<std::size_t>(work().copied_bytes));
  }
};

}  // namespace

std::unique_ptr<Kernel> make_copy(const KernelRecord& record) {
  return std::make_unique<Copy>(record);
}

std::unique_ptr<Kernel> make_kernel(const std::vector<std::uint8_t>& record) {
  const KernelRecord parts(record);
  const bool exists = parts.kernel() < MW_KERNELS && kKernels[parts.kernel()].make != nullptr;
  require(exists, "kernel {} does not exist", parts.kernel());
  try {
    return kKernels[parts.kernel()].make(parts);
  } catch (const base::SimulationError& error) {
    throw base::SimulationError(
        fmt::format("kernel {}: {}", kernel_name(parts.kernel()), error.what()));
  }
}

const char* kernel_name(std::uint32_t kernel) {
  return kernel < MW_KERNELS ? kKernels[kernel].name : "unknown";
}

}  // namespace milliwatt::mcu
