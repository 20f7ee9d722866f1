// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataflows/jobs.h"
#include "shell/local_memory.h"

namespace milliwatt::shell {

/// The values of the unit that adds and pools packed tensors of 2 to 8 bits in every engine, with
/// TFLite Micro's arithmetic. Its time is dataflows::vector_cycles, its counts are
/// StepCounts::vector. A pool reads every tap of every window from its buffer again: no line buffer
/// is modelled. Throws SimulationError when the job leaves its slots, an average has no tap, or a
/// shift is out of range.
void run_vector_job(const dataflows::VectorJob& job, LocalMemory& memory);

}  // namespace milliwatt::shell
