// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace milliwatt::shell {

/// Why a unit with work left stood still: what the dependence that ended last was.
enum class StallCause : std::uint8_t {
  kOperand,  ///< a slot to read was not full yet
  kOutput,   ///< a slot to write was not free yet
  kOrder,    ///< a token, or the sequencer
};
constexpr int kStallCauses = 3;

/// "operand", "output", "order".
constexpr const char* stall_cause_name(StallCause cause) {
  return cause == StallCause::kOperand ? "operand"
                                       : (cause == StallCause::kOutput ? "output" : "order");
}

}  // namespace milliwatt::shell
