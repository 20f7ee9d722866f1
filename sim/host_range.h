// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "energy/pricing.h"
#include "sim/measurement.h"
#include "sim/platform.h"

namespace milliwatt::sim {

/// How much longer one and the same burst of the host, or piece of one, can take than at another
/// time, in cycles of the host's clock: at each of the four crossings (host to bus, bus to target
/// and back) up to one period of the receiver passes until its edge. Zero where all clocks are one.
base::Cycles burst_jitter(const Platform& platform);

/// The host's dynamic energy over an inference that an estimate encloses. The walks enclose the
/// time, but neither its active nor its idle cycles: how the time splits depends on the phases in
/// which bursts meet the clocks. So `low` and `high` are those of the cheapest and dearest split
/// that `jitter` allows; `nominal` is that of the lower walk.
energy::Bounds host_energy(const energy::PriceList& prices, const Measurement& low,
                           const Measurement& high);

}  // namespace milliwatt::sim
