// SPDX-License-Identifier: Apache-2.0
#include "sim/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "mcu/native_host.h"
#include "sim/collect.h"
#include "sim/system.h"

namespace milliwatt::sim {
namespace {

/// Arbitration of a burst: offered in one cycle, decided in the next.
constexpr double kDecisionCycles = 1;

double ratio(std::int64_t a, std::int64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

/// Accelerator cycles per cycle of another clock.
double clock_ratio(const Platform& platform, const std::optional<std::int64_t>& other) {
  const std::int64_t system = platform.clocks.system;
  return ratio(platform.clocks.accelerator.value_or(system), other.value_or(system));
}

dataflows::LinkCost sram_cost(const Platform& platform) {
  const double bus = clock_ratio(platform, platform.clocks.bus);
  const double sram = clock_ratio(platform, platform.clocks.sram);
  return {(kDecisionCycles + static_cast<double>(platform.bus.latency)) * bus +
              static_cast<double>(platform.sram.latency) * sram,
          std::max(bus / platform.bus.width_bytes,
                   sram / (platform.sram.width_bytes * platform.sram.banks))};
}

/// Of the memory with the weights, which is what most off-chip bytes are.
dataflows::LinkCost external_cost(const Platform& platform) {
  const double bus = clock_ratio(platform, platform.clocks.bus);
  const double external =
      clock_ratio(platform, platform.flash ? platform.clocks.flash : platform.clocks.external);
  const memory::BurstCost cost = (platform.flash ? platform.flash : platform.external)->cost();
  return {(kDecisionCycles + static_cast<double>(platform.bus.latency)) * bus +
              static_cast<double>(cost.latency) * external,
          std::max(bus / platform.bus.width_bytes,
                   external * static_cast<double>(cost.unit_clocks) / cost.unit_bytes)};
}

/// Tensors that are written must not live in a read-only memory. Says how much SRAM would do.
void check_homes(const Platform& platform, const workloads::Graph& graph,
                 dataflows::PlatformView view, const dataflows::Plan& plan) {
  const std::uint64_t outside = plan.region_bytes[MW_REGION_EXTERNAL];
  if (platform.external->writable() || outside == 0) {
    return;
  }
  const std::uint64_t sram = view.sram_bytes;
  view.sram_bytes = UINT32_MAX;
  dataflows::Plan inside;
  dataflows::plan_memory(graph, view, inside);
  throw base::UserError(fmt::format(
      "{} bytes of tensors do not fit into the {} bytes of SRAM, and memory.external is a {}, "
      "which "
      "cannot be written: enlarge memory.sram.size by {} bytes or take another kind of memory",
      outside, sram, platform.external->kind(), inside.region_bytes[MW_REGION_SRAM] - sram));
}

}  // namespace

dataflows::PlatformView view_of(const Platform& platform) {
  dataflows::PlatformView view;
  view.sram_bytes = static_cast<std::uint64_t>(platform.sram.size);
  view.external_bytes = static_cast<std::uint64_t>(platform.external->size());
  view.sram = sram_cost(platform);
  view.external = external_cost(platform);
  view.burst_bytes = platform.shell.burst_bytes;
  return view;
}

dataflows::Plan plan_for(const Platform& platform, const workloads::Graph& graph) {
  std::unique_ptr<dataflows::EngineModel> model;
  dataflows::PlatformView view = view_of(platform);
  if (platform.machine) {
    model = platform.machine->model();
    view.engines.push_back(model.get());
  }
  dataflows::Plan plan = dataflows::make_plan(graph, view);
  check_homes(platform, graph, view, plan);
  return plan;
}

Program program_for(const Platform& platform, const workloads::Graph& graph,
                    const dataflows::Plan& plan) {
  OffChip off_chip;
  off_chip.external_bytes = static_cast<std::uint64_t>(platform.external->size());
  if (platform.flash) {
    off_chip.flash_bytes = static_cast<std::uint64_t>(platform.flash->size());
  }
  return build_program(graph, plan, off_chip, platform.machine ? 1 : 0);
}

std::vector<energy::Component> components_of(const Platform& platform) {
  const System system{platform, Program{}};
  const mcu::NativeHost host{platform.host, {}, mcu::NativeHost::Values::kSkipped};
  if (!platform.machine) {
    return platform_components(platform, take_snapshot(system, host, nullptr).counts);
  }
  const auto machine = platform.machine->build(kAcceleratorName, shell::Detail::kValues);
  const shell::EngineCounters engine{kAcceleratorName, machine->shape(), machine->parts()};
  return platform_components(platform, take_snapshot(system, host, &engine).counts);
}

energy::PriceList prices_for(const Platform& platform) {
  return energy::resolve(*platform.technology, components_of(platform));
}

Prepared::Prepared(Platform the_platform, workloads::Graph the_graph)
    : platform{std::move(the_platform)},
      graph{std::move(the_graph)},
      plan{plan_for(platform, graph)},
      program{program_for(platform, graph, plan)},
      prices{prices_for(platform)} {}

}  // namespace milliwatt::sim
