// SPDX-License-Identifier: Apache-2.0
// The estimate: the program of a network walked without values and without a simulation kernel.
#pragma once

#include <vector>

#include "dataflows/recurrence.h"
#include "sim/measurement.h"
#include "sim/platform.h"
#include "sim/program.h"
#include "workloads/graph.h"

namespace milliwatt::sim {

/// Lower and upper end. They are the same object's values where the truth is known: one initiator
/// at a time on every link, and no step whose time depends on data.
struct Estimate {
  Measurement low;
  Measurement high;
  bool exact = true;
};

/// Walks set-up and `invocations` of `program` in a row, one entry each, as simulate_sequence().
/// Host, bus and memories are the cores that the simulation runs; an engine's command is decoded
/// from the program's bytes, and its steps are timed by the recurrence:
///   low   units work side by side, steps take cycles_low, counted transfers move nothing
///   high  one step after the other, steps take cycles_high, counted transfers move their most,
///         and the host's own bursts wait until a running engine has ended
/// A memory with history answers with its best times in the low end and its worst in the high one.
/// The high end holds because whenever somebody waits for a link, somebody else is using it.
/// Where the truth is not known, an end of a later invocation begins at another time than the truth
/// does: what is certain then is when each invocation ends, from the first one's beginning on.
std::vector<Estimate> estimate_sequence(const Platform& platform, const dataflows::Plan& plan,
                                        const Program& program, std::size_t invocations);

/// A sequence of one.
Estimate estimate(const Platform& platform, const dataflows::Plan& plan, const Program& program);

}  // namespace milliwatt::sim
