// SPDX-License-Identifier: Apache-2.0
#include "mcu/native_kernels.h"

#include <cstring>

#include "mcu/kernel_detail.h"

namespace milliwatt::mcu {

void Kernel::run(const Operands& operands) const {
  switch (args_.kernel) {
    case MW_KERNEL_CONV:
      return detail::run_conv(args_, operands);
    case MW_KERNEL_DEPTHWISE:
      return detail::run_depthwise(args_, operands);
    case MW_KERNEL_FULLY_CONNECTED:
      return detail::run_fully_connected(args_, operands);
    case MW_KERNEL_AVERAGE_POOL:
    case MW_KERNEL_MAX_POOL:
      return detail::run_pool(args_, operands);
    case MW_KERNEL_ADD:
      return detail::run_add(args_, operands);
    case MW_KERNEL_SOFTMAX:
      return detail::run_softmax(args_, operands);
    default:
      std::memcpy(operands.output, operands.a, bytes_.output);
  }
}

}  // namespace milliwatt::mcu
