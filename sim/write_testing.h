// SPDX-License-Identifier: Apache-2.0
// A result made by hand, for the tests of the writers.
#pragma once

#include "sim/results.h"

namespace milliwatt::sim {

/// Two layers on a chip of two memories and three components, 1200 cycles at 100 MHz, 12 us. Its
/// accounts close: the energy rows sum to layers, components, confidences and the total.
///
///     layer 0  conv2d on the accelerator, 1000 cycles, 128000 of 256000 possible MACs
///     layer 1  softmax on the host, 200 cycles
///     energy   array 128000 x 10 fJ + host 200 x 1 pJ + external 760 x 1 pJ = 2.24 nJ, and
///              host 12 us x 10 uW = 0.12 nJ static; 2.36 nJ in all
RunResult sample_result();

/// The same with two invocations before it, the first of which took longer.
RunResult sample_sequence();

}  // namespace milliwatt::sim
