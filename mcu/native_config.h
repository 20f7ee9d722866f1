// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/schema.h"
#include "mcu/native_kernels.h"

namespace milliwatt::mcu {

/// What the native host's actions cost, in cycles of its own clock. No core is copied: the defaults
/// stand for a small 32-bit core with plain C kernels, and their ranges for the cores seen in
/// published measurements.
struct NativeHostConfig {
  std::uint32_t burst_bytes = 0;
  std::optional<std::uint32_t> port_width = {};  ///< bytes; none: as wide as the bus
  base::Cycles command_cycles = 0;
  base::Cycles register_cycles = 0;
  base::Cycles interrupt_cycles = 0;
  base::Cycles call_cycles = 0;
  double cycles_per_mac = 0;
  double cycles_per_output = 0;
  double cycles_per_tap = 0;
  double cycles_per_addition = 0;
  double cycles_per_exponential = 0;
  double cycles_per_softmax_row = 0;
  double cycles_per_copied_byte = 0;
  double cycles_per_moved_element = 0;
  double cycles_per_rescaled_element = 0;
  double cycles_per_sigmoid = 0;
  double cycles_per_lookup = 0;
  double cycles_per_blend = 0;
  double cycles_per_real = 0;
  double cycles_per_real_function = 0;
};

/// Declares every parameter once. Its defaults are the defaults of the native host.
base::Schema<NativeHostConfig> native_host_schema();

/// A configuration of nothing but defaults.
NativeHostConfig default_native_host();

/// Cycles of a kernel's work. Each cost per action is rounded to a thousandth of a cycle and the
/// sum is rounded up to whole cycles.
base::Cycles kernel_cycles(const NativeHostConfig& config, const KernelWork& work);

}  // namespace milliwatt::mcu
