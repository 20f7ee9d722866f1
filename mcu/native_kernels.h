// SPDX-License-Identifier: Apache-2.0
// The software kernels of the native host: what MW_CALL runs, on arrays of bytes.
#pragma once

#include <cstdint>

#include "abi/kernel_args.h"

namespace milliwatt::mcu {

/// Largest operand of a kernel, in bytes, and most elementary steps of one call.
constexpr std::int64_t kMaximumOperandBytes = MW_KERNEL_MOST_OPERAND_BYTES;
constexpr std::int64_t kMaximumKernelSteps = std::int64_t{1} << MW_KERNEL_MOST_STEPS_LOG2;

/// Sizes of the operands; 0 for one that the kernel does not have.
struct KernelBytes {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t parameters = 0;
  std::uint32_t output = 0;
};

/// Elementary steps of one call: what the host's costs per action multiply.
struct KernelWork {
  std::int64_t macs = 0;          ///< every filter tap counts, also those in the padding
  std::int64_t outputs = 0;       ///< sums that are requantized (convolutions, fully connected)
  std::int64_t taps = 0;          ///< of pooling windows, also those in the padding
  std::int64_t additions = 0;     ///< elements of ADD
  std::int64_t exponentials = 0;  ///< elements of SOFTMAX
  std::int64_t rows = 0;          ///< of SOFTMAX
  std::int64_t copied_bytes = 0;
};

/// Arguments that have passed the checks: every kernel runs on them without overflow of indices or
/// shifts. Throws SimulationError saying which argument makes no sense.
class Kernel {
 public:
  explicit Kernel(const mw_kernel_args& args);

  const mw_kernel_args& args() const { return args_; }
  const KernelBytes& bytes() const { return bytes_; }
  const KernelWork& work() const { return work_; }

  /// Arrays of the sizes in bytes(); those of size 0 may be null. Activations are NHWC.
  struct Operands {
    const std::uint8_t* a = nullptr;
    const std::uint8_t* b = nullptr;
    const std::uint8_t* parameters = nullptr;
    std::uint8_t* output = nullptr;
  };
  /// Computes the output, bit exact with TFLite Micro's reference kernels. Throws SimulationError
  /// when an accumulator leaves 32 bits or a requantization table makes no sense.
  void run(const Operands& operands) const;

 private:
  mw_kernel_args args_;
  KernelBytes bytes_;
  KernelWork work_;
};

/// "conv", "softmax", ...; "unknown" for a number that is no enum mw_kernel.
const char* kernel_name(std::uint32_t kernel);

}  // namespace milliwatt::mcu
