// SPDX-License-Identifier: Apache-2.0
// The result of a run for people at a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "sim/results.h"

namespace milliwatt::sim {

/// What stands between the cycles and the traffic of a layer.
enum class Columns : std::uint8_t {
  kByCause,  ///< the cycles by cause
  kZeros,    ///< shares of weights, inputs and outputs that are zero; empty where nobody knows
};

/// One line per layer, one for what belongs to no layer, then the totals. Plain ASCII, at most 120
/// columns, three significant digits; numbers that an estimate knows only as an interval are shown
/// as low..high.
std::string format_table(const RunResult& result, Columns columns = Columns::kByCause);

}  // namespace milliwatt::sim
