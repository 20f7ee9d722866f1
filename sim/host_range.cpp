// SPDX-License-Identifier: Apache-2.0
#include "sim/host_range.h"

#include <algorithm>

#include "base/error.h"
#include "base/integer_math.h"

namespace milliwatt::sim {
namespace {

/// Cycles of the host by what it did.
struct Split {
  std::int64_t active = 0;
  std::int64_t idle = 0;
  std::int64_t total() const { return active + idle; }
};

const base::Counters& host_counters(const Measurement& m) {
  const base::Counters* counters = m.counts.find("host");
  if (counters == nullptr) {
    throw base::InternalError("a measurement without a host");
  }
  return *counters;
}

Split split_of(const Measurement& m) {
  const base::Counters& host = host_counters(m);
  const base::ComponentClass& actions = host.component_class();
  return {host.total(actions.index("active_cycle")), host.total(actions.index("idle_cycle"))};
}

energy::Bounds price_of(const energy::PriceList& prices, const char* action) {
  for (const energy::PricedComponent& component : prices.components) {
    for (const energy::Price& price : component.actions) {
      if (component.name == "host" && price.name == action) {
        return price.cost.bounds;
      }
    }
  }
  throw base::InternalError("a host without prices");
}

std::int64_t cost(const Split& split, std::int64_t active, std::int64_t idle) {
  return energy::checked_add(energy::checked_multiply(split.active, active),
                             energy::checked_multiply(split.idle, idle));
}

}  // namespace

base::Cycles burst_jitter(const Platform& platform) {
  const ClockConfig& c = platform.clocks;
  const std::int64_t host = c.host.value_or(c.system);
  const std::int64_t bus = c.bus.value_or(c.system);
  std::int64_t target = c.system;
  bool one_clock = host == bus;
  for (const auto& hz : {c.sram, c.external, c.flash, c.accelerator}) {
    target = std::min(target, hz.value_or(c.system));
    one_clock = one_clock && hz.value_or(c.system) == bus;
  }
  // ceil((2 periods of the bus + one of the slowest target + one of the host) / period of the host)
  return one_clock ? 0 : base::divide_up(2 * host, bus) + base::divide_up(host, target) + 1;
}

energy::Bounds host_energy(const energy::PriceList& prices, const Measurement& low,
                           const Measurement& high) {
  const energy::Bounds active = price_of(prices, "active_cycle");
  const energy::Bounds idle = price_of(prices, "idle_cycle");
  const Split first = split_of(low);
  const Split last = split_of(high);
  const std::int64_t jitter = std::max(low.host_jitter, high.host_jitter);
  const std::int64_t most = std::max(first.active, last.active) + jitter;
  const std::int64_t least =
      std::max<std::int64_t>(0, std::min(first.active, last.active) - jitter);

  const auto with_active = [](std::int64_t wanted, std::int64_t total) {
    const std::int64_t cycles = std::min(wanted, total);
    return Split{cycles, total - cycles};
  };
  const Split cheapest = with_active(active.low < idle.low ? most : least, first.total());
  const Split dearest = with_active(active.high < idle.high ? least : most, last.total());
  return {cost(cheapest, active.low, idle.low), cost(first, active.nominal, idle.nominal),
          cost(dearest, active.high, idle.high)};
}

}  // namespace milliwatt::sim
