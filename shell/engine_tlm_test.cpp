// SPDX-License-Identifier: Apache-2.0
// The engine on a real bus: registers, window and interrupt as a host sees them.
#include "shell/engine_tlm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <numeric>

#include "abi/registers.h"
#include "base/error.h"
#include "memory/interconnect_tlm.h"
#include "memory/kernel.h"
#include "memory/memory_tlm.h"
#include "memory/register_core.h"
#include "memory/sram.h"
#include "shell/testing/contract_checks.h"
#include "shell/testing/contract_machine.h"
#include "shell/testing/plain_bench.h"

namespace milliwatt::shell::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kRegistersAt = 0x100000;
constexpr std::uint64_t kWindowAt = kRegistersAt + MW_WINDOW_OFFSET;
constexpr std::uint32_t kDescriptorAt = 0x40;
constexpr std::uint32_t kInputAt = 0x100;
constexpr std::uint32_t kTableAt = 0x800;
constexpr std::uint32_t kOutputAt = 0x1003;
constexpr std::uint32_t kMemoryBytes = 0x4000;
constexpr std::int32_t kTile = 64;
constexpr std::int32_t kTiles = 4;

/// Does a list of accesses, one after the other, and keeps what it read.
class Host : public sc_core::sc_module {
 public:
  explicit Host(const sc_core::sc_module_name& name) : sc_module{name}, port{"port"} {
    port.on_response([this](base::Picoseconds done) { answered(done); });
    SC_HAS_PROCESS(Host);
    SC_METHOD(start);
  }

  void write(std::uint64_t address, const Bytes& bytes) {
    script_.push_back({address, true, bytes});
  }
  void write_word(std::uint64_t address, std::uint32_t value) {
    Bytes bytes(4);
    std::memcpy(bytes.data(), &value, 4);
    write(address, bytes);
  }
  void read(std::uint64_t address, std::size_t bytes) {
    script_.push_back({address, false, Bytes(bytes)});
  }
  /// Goes on with the list at `when`, if it waits for nothing.
  void go(base::Picoseconds when) {
    if (!script_.empty() && !port.busy()) {
      Access& access = script_.front();
      port.issue(
          when, {access.address, static_cast<std::uint32_t>(access.bytes.size()), access.write, {}},
          access.bytes.data());
    }
  }

  memory::BurstPort port;
  std::vector<Bytes> answers;

 private:
  struct Access {
    std::uint64_t address;
    bool write;
    Bytes bytes;
  };

  void start() { go(memory::kernel_now()); }
  void answered(base::Picoseconds done) {
    if (!script_.front().write) {
      answers.push_back(script_.front().bytes);
    }
    script_.pop_front();
    go(done);
  }

  std::deque<Access> script_;
};

EngineConfig with_window() {
  EngineConfig config;
  config.window = kResidentBuffer;
  return config;
}

/// Host, engine and one memory on a bus of its own speed.
struct System {
  explicit System(Detail detail = Detail::kValues)
      : machine{"engine", detail}, bus_core{{}, bus_clock} {
    const int host_id = bus_core.add_initiator("host", 0);
    const int load_id = bus_core.add_initiator("engine.load", 1);
    const int store_id = bus_core.add_initiator("engine.store", 2);
    const int memory_id = bus_core.add_target("memory", 0, memory_core);
    const int registers_id = bus_core.add_target("engine.registers", kRegistersAt, register_core);
    const int window_id = bus_core.add_target("engine.window", kWindowAt, window_core);
    bus = std::make_unique<memory::InterconnectTlm>("bus", bus_core);
    engine.port(0).socket.bind(bus->initiator(load_id));
    engine.port(1).socket.bind(bus->initiator(store_id));
    host.port.socket.bind(bus->initiator(host_id));
    bus->target(memory_id).bind(memory.socket);
    bus->target(registers_id).bind(engine.registers().socket);
    bus->target(window_id).bind(engine.window()->socket);
    engine.on_interrupt([this](base::Picoseconds when, bool level) {
      edges.emplace_back(when, level);
      host.go(when);
    });
  }

  void run() { kernel.run(); }
  void start(const ContractDescriptor& d) {
    memory.poke(kDescriptorAt, &d, sizeof d);
    host.write_word(kRegistersAt + MW_REG_DESCRIPTOR_OFFSET, kDescriptorAt);
    host.write_word(kRegistersAt + MW_REG_DESCRIPTOR_BYTES, sizeof d);
    host.write_word(kRegistersAt + MW_REG_CONTROL, 1);
  }

  memory::Kernel kernel;
  base::Clock bus_clock{"bus", 200'000'000};
  base::Clock engine_clock{"engine", 130'000'000};
  ContractMachine machine;
  memory::SramCore memory_core{"memory", {kMemoryBytes, 8, 1}, bus_clock};
  memory::RegisterCore register_core{{}, bus_clock};
  memory::SramCore window_core{"window", {64, 8, 1}, bus_clock};
  memory::Interconnect bus_core;
  memory::MemoryTlm memory{"memory", memory_core};
  EngineTlm engine{"engine", with_window(), engine_clock, machine, register_core};
  Host host{"host"};
  std::unique_ptr<memory::InterconnectTlm> bus;
  std::vector<std::pair<base::Picoseconds, bool>> edges;
};

ContractDescriptor segment() {
  ContractDescriptor d{};
  d.head = {MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_TEST, sizeof d, 0, 2};
  d.operation = kSegment;
  d.tiles = kTiles;
  d.tile = kTile;
  d.input = {MW_REGION_PROGRAM, kInputAt};
  d.parameters = {MW_REGION_PROGRAM, kTableAt};
  d.output = {MW_REGION_PROGRAM, kOutputAt};
  return d;
}

const Bytes kWeights{1, 2, 3, 4, 5, 6, 7, 8, 255, 254, 253, 252, 251, 250, 249, 248};

/// The memory's contents: inputs with zeros, and a table that halves.
Bytes image() {
  Bytes bytes(kMemoryBytes);
  for (std::int32_t i = 0; i < kTile * kTiles; ++i) {
    bytes[static_cast<std::size_t>(kInputAt + i)] = static_cast<std::uint8_t>(i % 3 * i);
  }
  const std::vector<dataflows::ChannelParameters> table(kContractChannels, {1, 1 << 30, 0});
  std::memcpy(bytes.data() + kTableAt, table.data(), table.size() * sizeof table[0]);
  return bytes;
}

Bytes output_of(const System& system) {
  Bytes output(kTile * kTiles);
  system.memory.peek(kOutputAt, output.data(), output.size());
  return output;
}

/// The same command without a bus.
Bytes plain_output() {
  ContractMachine machine("engine", Detail::kValues);
  PlainBench bench({}, base::Clock("engine", 1'000'000), machine, {}, kMemoryBytes);
  bench.memory() = image();
  std::copy(kWeights.begin(), kWeights.end(),
            bench.engine().memory().buffer(kResidentBuffer).begin());
  const ContractDescriptor d = segment();
  bench.run_descriptor(&d, sizeof d, kDescriptorAt);
  const auto begin = bench.memory().begin() + kOutputAt;
  return Bytes(begin, begin + kTile * kTiles);
}

void load(System& system) {
  const Bytes bytes = image();
  system.memory.poke(0, bytes.data(), bytes.size());
  system.host.write(kWindowAt, kWeights);
}

TEST(EngineTlm, RunsACommandThatAHostStartsAndAWindowFeeds) {
  for (const Detail detail : {Detail::kValues, Detail::kExact}) {
    System system(detail);
    load(system);
    system.start(segment());
    system.host.read(kWindowAt + 8, 8);
    system.run();
    EXPECT_EQ(output_of(system), plain_output());
    EXPECT_EQ(system.host.answers, (std::vector<Bytes>{{255, 254, 253, 252, 251, 250, 249, 248}}));
    ASSERT_EQ(system.edges.size(), 1u);
    const CommandSpan& span = system.engine.core().commands().back();
    EXPECT_EQ(system.edges[0], (std::pair{system.engine_clock.edge(span.end), true}));
  }
}

TEST(EngineTlm, StepsObeyTheirRulesUnderContention) {
  System system;
  load(system);
  const ContractDescriptor d = segment();
  system.start(d);
  for (int i = 0; i < 200; ++i) {
    system.host.read(0, 64);  // in the way of both channels
  }
  system.run();
  EXPECT_GT(system.bus_core.wait_cycles(0), 0);
  ContractMachine other("other", Detail::kValues);
  Bytes bytes(sizeof d);
  std::memcpy(bytes.data(), &d, sizeof d);
  const auto schedule = other.decode(bytes, RegionBases(MW_REGIONS)).schedule;
  EXPECT_THAT(contract_faults(schedule, system.engine.core()), IsEmpty());
  EXPECT_NO_THROW(system.engine.core().finish(system.kernel.now()));
  EXPECT_EQ(output_of(system), plain_output());
}

TEST(EngineTlm, WakesAtMostOncePerStep) {
  System system;
  load(system);
  system.start(segment());
  system.run();
  const std::size_t steps = system.engine.core().timeline().size();
  EXPECT_LE(system.engine.activations(), steps + 1);  // the end of the decoding
  EXPECT_GT(system.engine.activations(), steps / 4);
}

TEST(EngineTlm, BytesOfThePortsAreThoseOfTheBus) {
  System system;
  load(system);
  system.start(segment());
  system.run();
  constexpr std::uint64_t kLoaded =
      sizeof(ContractDescriptor) + kTile * kTiles + 12 * kContractChannels;
  EXPECT_EQ(system.engine.port(0).bytes_read(), kLoaded);
  EXPECT_EQ(system.engine.port(1).bytes_written(), std::uint64_t{kTile * kTiles});
  EXPECT_EQ(system.bus_core.served_bytes().bytes(1, 0, false), kLoaded);
  EXPECT_EQ(system.engine.window()->bytes_written(), kWeights.size());
  EXPECT_TRUE(system.bus_core.offered_bytes() == system.bus_core.served_bytes());
}

TEST(EngineTlm, TheHostAcknowledgesAndReadsTheStatus) {
  System system;
  load(system);
  system.start(segment());
  system.engine.on_interrupt([&](base::Picoseconds when, bool level) {
    system.edges.emplace_back(when, level);
    if (level) {
      system.host.read(kRegistersAt + MW_REG_STATUS, 4);
      system.host.read(kRegistersAt + MW_REG_INTERRUPT, 4);
      system.host.write_word(kRegistersAt + MW_REG_INTERRUPT, 1);
      system.host.read(kRegistersAt + MW_REG_INTERRUPT, 4);
      system.host.go(when);
    }
  });
  system.run();
  EXPECT_EQ(system.host.answers,
            (std::vector<Bytes>{{MW_STATUS_DONE, 0, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 0}}));
  ASSERT_EQ(system.edges.size(), 2u);
  EXPECT_FALSE(system.edges[1].second);
}

TEST(EngineTlm, AnUnmappedAddressEndsTheCommandAndIsNamed) {
  System system;
  load(system);
  ContractDescriptor d = segment();
  d.input.offset = 0x20000;
  system.start(d);
  system.run();
  EXPECT_EQ(system.engine.core().status(), MW_STATUS_ERROR);
  EXPECT_THAT(system.engine.core().fault(), HasSubstr("channel0"));
  EXPECT_THAT(system.engine.core().fault(), HasSubstr("0x20000"));
  EXPECT_EQ(system.edges.size(), 1u);
  EXPECT_NO_THROW(system.engine.core().finish(system.kernel.now()));
}

TEST(EngineTlm, TheWindowEndsWithItsBuffer) {
  System good;
  good.host.read(kWindowAt, 64);
  EXPECT_NO_THROW(good.run());
  System bad;
  bad.host.read(kWindowAt + 8, 64);
  EXPECT_THROW(bad.run(), base::SimulationError);
}

}  // namespace
}  // namespace milliwatt::shell::testing
