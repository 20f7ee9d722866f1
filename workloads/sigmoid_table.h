// SPDX-License-Identifier: Apache-2.0
// Sigmoid and hyperbolic tangent of 16 bits, by interpolation in a table.
#pragma once

#include <array>
#include <cstdint>

namespace milliwatt::workloads {

/// 65536 x sigmoid(i / 24), as TFLite Micro's reference kernels hold it (commit 90b983c2,
/// Apache-2.0). It must be data: 44 entries are 1 off the rounded value.
extern const std::array<std::uint16_t, 256> kSigmoidTable;

/// sigmoid(x) in Q0.15; `x` counts 1 / (24 x 512).
std::int16_t table_sigmoid(std::int32_t x);

/// tanh(x) in Q0.15; `x` counts 1 / (12 x 1024), which is twice as coarse for the sigmoid behind.
std::int16_t table_tanh(std::int32_t x);

}  // namespace milliwatt::workloads
