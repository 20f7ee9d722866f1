// SPDX-License-Identifier: Apache-2.0
// The host on a TLM bus with a memory and an engine's registers, against the same host answered
// by the plain interconnect.
#include "mcu/native_host_tlm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "abi/registers.h"
#include "mcu/host_testing.h"
#include "memory/interconnect_tlm.h"
#include "memory/kernel.h"
#include "memory/memory_tlm.h"
#include "memory/register_core.h"
#include "memory/register_tlm.h"
#include "memory/sram.h"

namespace milliwatt::mcu {
namespace {

using testing::command;
using testing::Image;
using testing::kEngineBase;
using testing::kProgramBase;
using testing::kSramBase;
using Section = NativeHost::Section;

constexpr std::uint32_t kRamBytes = 0xe000;  // up to the registers of the engine
constexpr base::Cycles kEngineBusCycles = 300;

/// COPY and a max pool around one run of the engine.
std::vector<std::uint8_t> program() {
  Image image;
  testing::Record<mw_pool_section> pool;
  pool.kernel = MW_KERNEL_MAX_POOL;
  pool.layer = 1;
  pool.operands = {testing::input({MW_REGION_SRAM, 0x400}, 256),
                   testing::output({MW_REGION_SRAM, 0x800}, 64)};
  pool.section = {{1, 8, 8, 4, 4, 4, 4, 2, 2, 2, 2, 1, 1, 0, 0}, -128, 127, 0};
  const std::vector<std::uint8_t> record = pool.bytes();
  const mw_copy_args copy = {{MW_REGION_SRAM, 5}, {MW_REGION_SRAM, 0x400}, 256, 0};
  const mw_ref copy_place = image.add(copy);
  const mw_ref record_place = image.add(record.data(), record.size());
  image.set_invoke(
      {command(MW_MARK, 0, {0, 0}, 0), command(MW_START, 0, {MW_REGION_SRAM, 0x1000}, 160),
       command(MW_COPY, 0, copy_place), command(MW_WAIT), command(MW_MARK, 0, {0, 0}, 1),
       command(MW_CALL, 0, record_place, static_cast<std::uint32_t>(record.size())),
       command(MW_MARK, 0, {0, 0}, 2), command(MW_END)});
  return image.bytes();
}

std::uint8_t datum(std::uint32_t i) { return static_cast<std::uint8_t>(i * 37 + i / 7); }

struct Outcome {
  std::vector<base::Picoseconds> ends;  ///< of the sections
  std::vector<int> marks;
  std::vector<base::Picoseconds> mark_times;
  std::vector<base::Cycles> counts;
  std::vector<std::uint8_t> memory;

  bool operator==(const Outcome& o) const {
    return ends == o.ends && marks == o.marks && mark_times == o.mark_times && counts == o.counts;
  }
};

std::vector<base::Cycles> counts_of(const NativeHost& host) {
  std::vector<base::Cycles> counts;
  for (int layer = base::kNoLayer; layer < 3; ++layer) {
    counts.push_back(host.counters().value(0, layer));
    counts.push_back(host.counters().value(1, layer));
  }
  return counts;
}

struct Clocks {
  base::Clock bus;
  base::Clock host;
};

/// The bus with its cores: the host, a RAM at 0, the registers of one engine.
struct PlainSystem {
  explicit PlainSystem(const Clocks& clocks)
      : bus{{8, 2, memory::Arbitration::kRoundRobin}, clocks.bus} {
    host_id = bus.add_initiator("host", 0);
    bus.add_target("ram", 0, ram);
    bus.add_target("engine", kEngineBase, registers);
  }

  base::Clock slow{"ram", 60'000'000};
  memory::SramCore ram{"ram", {kRamBytes, 4, 3}, slow};
  memory::RegisterCore registers{{0x100, 1}, slow};
  memory::Interconnect bus;
  memory::InitiatorId host_id = 0;
};

/// Answers every action at once, without values.
Outcome estimate(const Clocks& clocks, const std::vector<std::uint8_t>& image) {
  PlainSystem system(clocks);
  NativeHost host(default_native_host(), {kProgramBase, static_cast<std::uint32_t>(image.size())},
                  NativeHost::Values::kSkipped);
  Outcome outcome;
  base::Cycles now = 0;
  base::Picoseconds interrupt = 0;
  for (const Section section : {Section::kSetup, Section::kInvoke, Section::kInvoke}) {
    host.begin(section, now);
    for (HostAction action = host.next(now); action.kind != HostAction::Kind::kDone;
         action = host.next(now)) {
      const bool read = action.kind == HostAction::Kind::kRead;
      if (read || action.kind == HostAction::Kind::kWrite) {
        const auto done =
            system.bus.uncontended(system.host_id, clocks.host.edge(now), action.burst);
        if (read && action.data != nullptr) {
          std::memcpy(action.data, &image.at(action.burst.address - kProgramBase),
                      action.burst.bytes);
        } else if (action.burst.address == kEngineBase + MW_REG_CONTROL) {
          interrupt = clocks.bus.after(done, kEngineBusCycles);
        }
        now = clocks.host.cycle_at_or_after(done);
      } else if (action.kind == HostAction::Kind::kWork) {
        now += action.cycles;
      } else if (action.kind == HostAction::Kind::kMark) {
        outcome.marks.push_back(action.layer);
        outcome.mark_times.push_back(clocks.host.edge(now));
      } else {
        now = std::max(now, clocks.host.cycle_at_or_after(interrupt));
      }
    }
    outcome.ends.push_back(clocks.host.edge(now));
  }
  outcome.counts = counts_of(host);
  return outcome;
}

/// The same on TLM.
class TlmSystem {
 public:
  TlmSystem(const Clocks& clocks, const std::vector<std::uint8_t>& image,
            bool engine_answers = true)
      : clocks_{clocks},
        plain_{clocks},
        host_{default_native_host(),
              {kProgramBase, static_cast<std::uint32_t>(image.size())},
              NativeHost::Values::kComputed},
        core_{"host", host_, clocks.host},
        bus_{"bus", plain_.bus},
        ram_{"ram", plain_.ram},
        engine_{"engine", plain_.registers, [](auto, auto) { return 0U; },
                [this, engine_answers](std::uint64_t offset, std::uint32_t, base::Picoseconds t) {
                  if (offset == MW_REG_CONTROL && engine_answers) {
                    core_.interrupt(0, clocks_.bus.after(t, kEngineBusCycles), true);
                  } else if (offset == MW_REG_INTERRUPT) {
                    core_.interrupt(0, t, false);
                  }
                }} {
    core_.port.socket.bind(bus_.initiator(plain_.host_id));
    bus_.target(0).bind(ram_.socket);
    bus_.target(1).bind(engine_.socket);
    ram_.poke(kProgramBase, image.data(), image.size());
    for (std::uint32_t i = 0; i < 0x400; ++i) {
      const std::uint8_t value = datum(i);
      ram_.poke(kSramBase + i, &value, 1);
    }
    core_.on_mark([this](int layer, base::Picoseconds t) {
      outcome_.marks.push_back(layer);
      outcome_.mark_times.push_back(t);
    });
    core_.on_done([this](Section, base::Picoseconds t) {
      outcome_.ends.push_back(t);
      if (outcome_.ends.size() < 3) {
        core_.begin(Section::kInvoke, t);
      }
    });
    core_.begin(Section::kSetup, 0);
  }

  Outcome run() {
    kernel_.run();
    outcome_.counts = counts_of(host_);
    outcome_.memory.resize(kRamBytes);
    ram_.peek(0, outcome_.memory.data(), kRamBytes);
    return outcome_;
  }
  std::string outstanding() const { return core_.outstanding(); }

 private:
  memory::Kernel kernel_;
  Clocks clocks_;
  PlainSystem plain_;
  NativeHost host_;
  NativeHostTlm core_;
  memory::InterconnectTlm bus_;
  memory::MemoryTlm ram_;
  memory::RegisterTlm engine_;
  Outcome outcome_;
};

/// Frequencies, and whether the engine is still running when the host comes to wait for it.
struct ClockCase {
  int bus_hz;
  int host_hz;
  bool sleeps;
};

void PrintTo(const ClockCase& one, std::ostream* out) {
  *out << "bus " << one.bus_hz << " host " << one.host_hz;
}

class NativeHostTlmClocks : public ::testing::TestWithParam<ClockCase> {};

TEST_P(NativeHostTlmClocks, EqualsTheEstimateInEveryCycleAndMark) {
  const Clocks clocks = {{"bus", GetParam().bus_hz}, {"host", GetParam().host_hz}};
  const Outcome expected = estimate(clocks, program());
  TlmSystem system(clocks, program());
  const Outcome outcome = system.run();
  EXPECT_TRUE(outcome == expected);
  EXPECT_THAT(outcome.marks, ::testing::ElementsAre(0, 1, 2, 0, 1, 2));
  EXPECT_EQ(outcome.ends.size(), 3U);
  EXPECT_EQ(system.outstanding(), "");
  const base::Cycles idle_in_layer_0 = outcome.counts.at(3);
  EXPECT_EQ(idle_in_layer_0 > 0, GetParam().sleeps);
}

INSTANTIATE_TEST_SUITE_P(All, NativeHostTlmClocks,
                         ::testing::Values(ClockCase{50'000'000, 400'000'000, true},
                                           ClockCase{100'000'000, 16'000'000, false},
                                           ClockCase{75'000'000, 600'000'000, true},
                                           ClockCase{64'000'000, 48'000'000, false}));

TEST(NativeHostTlm, ComputesOnTheBytesOfTheMemory) {
  TlmSystem system({{"bus", 100'000'000}, {"host", 64'000'000}}, program());
  const Outcome outcome = system.run();
  for (std::uint32_t y = 0; y < 4; ++y) {
    for (std::uint32_t x = 0; x < 4; ++x) {
      for (std::uint32_t c = 0; c < 4; ++c) {
        int largest = -128;
        for (std::uint32_t tap = 0; tap < 4; ++tap) {
          const std::uint32_t pixel = (2 * y + tap / 2) * 8 + 2 * x + tap % 2;
          largest = std::max<int>(largest, static_cast<std::int8_t>(datum(5 + pixel * 4 + c)));
        }
        EXPECT_EQ(static_cast<std::int8_t>(outcome.memory[kSramBase + 0x800 + (y * 4 + x) * 4 + c]),
                  largest);
      }
    }
  }
}

TEST(NativeHostTlm, AMissingInterruptEndsTheSimulationAndIsNamed) {
  TlmSystem system({{"bus", 100'000'000}, {"host", 100'000'000}}, program(), false);
  EXPECT_EQ(system.run().ends.size(), 1U);  // set-up alone
  EXPECT_EQ(system.outstanding(),
            "host: invoke command 3 (WAIT): sleeps until the interrupt of engine 0");
}

TEST(NativeHostTlm, ABusErrorKeepsItsType) {
  Image image;
  const mw_copy_args copy = {{MW_REGION_SRAM, 0x10000}, {MW_REGION_SRAM, 0}, 16, 0};
  const mw_ref place = image.add(copy);
  image.set_invoke({command(MW_COPY, 0, place), command(MW_END)});
  TlmSystem system({{"bus", 100'000'000}, {"host", 100'000'000}}, image.bytes());
  EXPECT_THROW(system.run(), base::SimulationError);
  EXPECT_THAT(system.outstanding(), ::testing::HasSubstr("invoke command 0 (COPY)"));
}

}  // namespace
}  // namespace milliwatt::mcu
