// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataflows/jobs.h"
#include "shell/local_memory.h"

namespace milliwatt::shell {

/// The values of the requantizer between an engine's sums and its output buffer: adds the channel's
/// bias, scales by the channel's multiplier with TFLite Micro's two roundings, adds the zero point
/// and clamps to the output's bits. Its time is dataflows::output_cycles, its counts are
/// StepCounts::output. Left out: the registers that keep the table of the current channels (every
/// job reads the table once), and those that gather outputs of less than 8 bits to whole words of
/// the buffer. Throws SimulationError when the job leaves its slots, pixels share a byte or an
/// exponent is not in -31 .. 30.
void run_output_job(const dataflows::OutputJob& job, LocalMemory& memory);

}  // namespace milliwatt::shell
