// SPDX-License-Identifier: Apache-2.0
// The invocations of a sequence as text.
#pragma once

#include <string>

#include "sim/results.h"

namespace milliwatt::sim {

/// One line per invocation, of a long sequence the first and the last ones, and below them totals
/// and the throughput; with a trailing newline. `clock_hz`: that of the cycles.
std::string sequence_table(const SequenceResult& sequence, std::int64_t clock_hz);

/// One row per invocation, then their total.
std::string sequence_csv(const SequenceResult& sequence, std::int64_t clock_hz);

/// "invocation-03/" for files of one invocation: as many digits as the last one needs.
std::string invocation_folder(std::size_t index, std::size_t invocations);

}  // namespace milliwatt::sim
