// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataflows/forced_plan.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim::testing {

/// What somebody might force of a system's plan, a function of the seed: other parameters of
/// mappings, operators on the host, tensors in other places. Whatever the platform refuses is left
/// out, so that the plan can be made.
dataflows::ForcedPlan random_forced_plan(const RandomSystem& system, std::uint32_t seed);

}  // namespace milliwatt::sim::testing
