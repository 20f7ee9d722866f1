// SPDX-License-Identifier: Apache-2.0
// Cost of one burst: timed by the plain classes, and carried over TLM-2.0.
#include <benchmark/benchmark.h>

#include "memory/burst_port_tlm.h"
#include "memory/interconnect_tlm.h"
#include "memory/kernel.h"
#include "memory/memory_tlm.h"
#include "memory/sram.h"

namespace milliwatt::memory {
namespace {

const base::Clock kClock{"bus", 100'000'000};
constexpr int kBursts = 10'000;
const Burst kBurst{0x100, 64, false, {3, base::TensorClass::kIfmap}};

void plain_burst(benchmark::State& state) {
  SramCore core{"sram", {4096, 8, 1}, kClock};
  Interconnect bus{{8, 1, Arbitration::kRoundRobin}, kClock};
  const InitiatorId id = bus.add_initiator("dma", 0);
  bus.add_target("sram", 0, core);
  base::Picoseconds t = 0;
  for (auto step : state) {
    benchmark::DoNotOptimize(step);
    t = bus.uncontended(id, t, kBurst);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(plain_burst);

/// `range(0)` ports that offer bursts as fast as they can.
void tlm_bursts(benchmark::State& state) {
  const auto ports = static_cast<int>(state.range(0));
  for (auto step : state) {
    benchmark::DoNotOptimize(step);
    Kernel kernel;
    SramCore core{"sram", {4096, 8, 1}, kClock};
    Interconnect plain{{8, 1, Arbitration::kRoundRobin}, kClock};
    for (int i = 0; i < ports; ++i) plain.add_initiator("dma" + std::to_string(i), i);
    plain.add_target("sram", 0, core);
    InterconnectTlm bus{"bus", plain};
    MemoryTlm memory{"sram", core};
    bus.target(0).bind(memory.socket);
    std::vector<std::unique_ptr<BurstPort>> all;
    std::vector<int> left(ports, kBursts / ports);
    unsigned char data[64];
    for (int i = 0; i < ports; ++i) {
      all.push_back(std::make_unique<BurstPort>(("port" + std::to_string(i)).c_str()));
      all[i]->socket.bind(bus.initiator(i));
      all[i]->on_response([&, i](base::Picoseconds done) {
        if (--left[i] > 0) all[i]->issue(done, kBurst, data);
      });
    }
    kernel.run();  // binds
    for (auto& port : all) port->issue(0, kBurst, data);
    kernel.run();
  }
  state.SetItemsProcessed(state.iterations() * kBursts);
}
BENCHMARK(tlm_bursts)->Arg(1)->Arg(4);

}  // namespace
}  // namespace milliwatt::memory
