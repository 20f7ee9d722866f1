// SPDX-License-Identifier: Apache-2.0
// The result of a run for people at a terminal.
#pragma once

#include <string>

#include "sim/results.h"

namespace milliwatt::sim {

/// One line per layer, one for what belongs to no layer, then the totals. Plain ASCII, at most 120
/// columns, three significant digits; numbers that an estimate knows only as an interval are shown
/// as low..high.
std::string format_table(const RunResult& result);

}  // namespace milliwatt::sim
