// SPDX-License-Identifier: Apache-2.0
// What makes the kernels of each family, for native_kernels.cpp only. Each throws SimulationError
// for arguments that make no sense.
#pragma once

#include <memory>

#include "mcu/native_kernels.h"

namespace milliwatt::mcu {

using KernelFactory = std::unique_ptr<Kernel> (*)(const KernelRecord&);

std::unique_ptr<Kernel> make_copy(const KernelRecord& record);
std::unique_ptr<Kernel> make_conv(const KernelRecord& record);
std::unique_ptr<Kernel> make_depthwise(const KernelRecord& record);
std::unique_ptr<Kernel> make_fully_connected(const KernelRecord& record);
std::unique_ptr<Kernel> make_pool(const KernelRecord& record);
std::unique_ptr<Kernel> make_addition(const KernelRecord& record);
std::unique_ptr<Kernel> make_product(const KernelRecord& record);
std::unique_ptr<Kernel> make_extremum(const KernelRecord& record);
std::unique_ptr<Kernel> make_softmax(const KernelRecord& record);
std::unique_ptr<Kernel> make_rescale(const KernelRecord& record);
std::unique_ptr<Kernel> make_hard_swish(const KernelRecord& record);
std::unique_ptr<Kernel> make_sigmoid(const KernelRecord& record);
std::unique_ptr<Kernel> make_move(const KernelRecord& record);

std::unique_ptr<Kernel> make_transpose_conv(const KernelRecord& record);
std::unique_ptr<Kernel> make_matmul(const KernelRecord& record);
std::unique_ptr<Kernel> make_reduce_sum(const KernelRecord& record);
std::unique_ptr<Kernel> make_reduce_max(const KernelRecord& record);
std::unique_ptr<Kernel> make_resize_nearest(const KernelRecord& record);
std::unique_ptr<Kernel> make_resize_bilinear(const KernelRecord& record);
std::unique_ptr<Kernel> make_quantize(const KernelRecord& record);
std::unique_ptr<Kernel> make_dequantize(const KernelRecord& record);
std::unique_ptr<Kernel> make_log_softmax(const KernelRecord& record);
std::unique_ptr<Kernel> make_svdf(const KernelRecord& record);
std::unique_ptr<Kernel> make_lstm(const KernelRecord& record);

}  // namespace milliwatt::mcu
