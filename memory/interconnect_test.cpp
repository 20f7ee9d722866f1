// SPDX-License-Identifier: Apache-2.0
#include "memory/interconnect.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "memory/external_memory.h"
#include "memory/sram.h"

namespace milliwatt::memory {
namespace {

using base::Clock;
using base::Cycles;
using base::Picoseconds;

enum Action { kBeat, kBurst };  // of the class bus

constexpr Picoseconds kPeriod = 10'000;  // of the 100 MHz bus: edge n lies at n * 10,000 ps

Burst read(std::uint64_t address, std::uint32_t bytes) { return {address, bytes, false, {}}; }
Burst write(std::uint64_t address, std::uint32_t bytes) { return {address, bytes, true, {}}; }

/// Two SRAMs (8 bytes wide, one cycle) behind 8-byte links of latency 1.
class InterconnectTest : public ::testing::Test {
 protected:
  explicit InterconnectTest(Arbitration arbitration = Arbitration::kRoundRobin)
      : bus_{{8, 1, arbitration}, clock_} {
    bus_.add_target("low", 0x0000, low_);
    bus_.add_target("high", 0x1000, high_);
  }

  /// Runs decisions until nothing is offered; times in bus cycles.
  std::vector<Interconnect::Grant> drain() {
    std::vector<Interconnect::Grant> grants;
    while (const auto next = bus_.next_decision()) bus_.decide(*next, grants);
    return grants;
  }
  std::vector<Interconnect::Grant> decide(Cycles cycle) {
    std::vector<Interconnect::Grant> grants;
    bus_.decide(cycle * kPeriod, grants);
    return grants;
  }

  Clock clock_{"bus", 100'000'000};
  SramCore low_{"low", {4096, 8, 1}, clock_};
  SramCore high_{"high", {4096, 8, 1}, clock_};
  Interconnect bus_;
};

TEST_F(InterconnectTest, ReadOf64BytesIsDoneTenCyclesAfterTheOffer) {
  const InitiatorId dma = bus_.add_initiator("dma", 0);
  // Offered in cycle 5, granted at 6. Eight accesses of 8 bytes end at 6 + 1 + 8 - 1 = 14, as do
  // the eight beats (6 + 8); one cycle of latency: done at 15.
  bus_.offer(dma, 5 * kPeriod, read(0x100, 64));
  ASSERT_EQ(bus_.next_decision(), 6 * kPeriod);
  const auto grants = decide(6);
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].initiator, dma);
  EXPECT_EQ(grants[0].target, 0);
  EXPECT_EQ(grants[0].done, 15 * kPeriod);
  EXPECT_EQ(bus_.next_decision(), std::nullopt);
  EXPECT_EQ(bus_.counters(0).total(kBeat), 8);
  EXPECT_EQ(bus_.counters(0).total(kBurst), 1);
  EXPECT_EQ(bus_.busy_cycles(0), 8);  // 6 to 14
  EXPECT_EQ(bus_.wait_cycles(0), 0);
}

TEST_F(InterconnectTest, OfferOnePicosecondLateLosesACycle) {
  const InitiatorId dma = bus_.add_initiator("dma", 0);
  bus_.offer(dma, 5 * kPeriod, read(0, 8));
  EXPECT_EQ(bus_.next_decision(), 6 * kPeriod);
  decide(6);
  bus_.offer(dma, 10 * kPeriod + 1, read(0, 8));  // counts as offered in cycle 11
  EXPECT_EQ(bus_.next_decision(), 12 * kPeriod);
  EXPECT_TRUE(decide(11).empty());
  EXPECT_EQ(decide(12).size(), 1u);
}

TEST_F(InterconnectTest, OfferAtTheDecisionEdgeMissesIt) {
  const InitiatorId a = bus_.add_initiator("a", 0);
  const InitiatorId b = bus_.add_initiator("b", 1);
  bus_.offer(b, 4 * kPeriod, read(0, 8));
  bus_.offer(a, 5 * kPeriod, read(0, 8));  // a would win, but is offered in the deciding cycle
  const auto grants = decide(5);
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].initiator, b);
}

TEST_F(InterconnectTest, LinkIsTakenUntilTheLastBeat) {
  const InitiatorId a = bus_.add_initiator("a", 0);
  const InitiatorId b = bus_.add_initiator("b", 1);
  bus_.offer(a, 0, write(0, 32));  // granted at 1, four beats: link free at 5, done at 6
  bus_.offer(b, 0, read(64, 8));
  EXPECT_EQ(decide(1).at(0).done, 6 * kPeriod);
  EXPECT_EQ(bus_.next_decision(), 5 * kPeriod);
  EXPECT_TRUE(decide(4).empty());
  const auto grants = decide(5);
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].done, 7 * kPeriod);  // 5 + one beat + latency
  EXPECT_EQ(bus_.wait_cycles(0), 4);       // b could have been granted at 1
}

TEST_F(InterconnectTest, OneStreamTakesTenCyclesABurstAndTwoFillTheLink) {
  const InitiatorId a = bus_.add_initiator("a", 0);
  Picoseconds t = 0;
  for (int i = 0; i < 10; ++i) t = bus_.uncontended(a, t, read(0, 64));
  EXPECT_EQ(t, 100 * kPeriod);  // one cycle to decide, eight beats, one of latency

  const InitiatorId b = bus_.add_initiator("b", 1);
  for (const InitiatorId id : {a, b}) bus_.offer(id, 100 * kPeriod, read(0, 64));
  for (int i = 0; i < 10; ++i) {
    // Granted at 101, 109, 117, ...: the loser's offer waits when the link becomes free.
    const auto grants = decide(101 + 8 * i);
    ASSERT_EQ(grants.size(), 1u);
    EXPECT_EQ(grants[0].initiator, i % 2 == 0 ? b : a);  // a had the last turn
    EXPECT_EQ(grants[0].done, (110 + 8 * i) * kPeriod);
    bus_.offer(grants[0].initiator, grants[0].done, read(0, 64));
  }
}

TEST_F(InterconnectTest, LinksWorkAtTheSameTime) {
  const InitiatorId a = bus_.add_initiator("a", 0);
  const InitiatorId b = bus_.add_initiator("b", 1);
  bus_.offer(b, 0, read(0x1000, 16));
  bus_.offer(a, 0, read(0x0000, 16));
  const auto grants = decide(1);
  ASSERT_EQ(grants.size(), 2u);  // by rank, not by offer
  EXPECT_EQ(grants[0].initiator, a);
  EXPECT_EQ(grants[0].target, 0);
  EXPECT_EQ(grants[1].initiator, b);
  EXPECT_EQ(grants[1].target, 1);
  EXPECT_EQ(grants[0].done, grants[1].done);
}

TEST_F(InterconnectTest, RoundRobinServesEverybodyEquallyOften) {
  // Declared out of order: the ranks decide. Everybody offers again at once.
  const int ranks[] = {2, 0, 3, 1};
  for (const int rank : ranks) {
    const InitiatorId id = bus_.add_initiator("rank" + std::to_string(rank), rank);
    bus_.offer(id, 0, read(0, 8));
  }
  std::vector<int> order;
  for (int round = 0; round < 12; ++round) {
    std::vector<Interconnect::Grant> grants;
    bus_.decide(*bus_.next_decision(), grants);
    ASSERT_EQ(grants.size(), 1u);
    order.push_back(ranks[grants[0].initiator]);
    bus_.offer(grants[0].initiator, grants[0].done, read(0, 8));
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}));
}

TEST_F(InterconnectTest, RoundRobinSkipsWhoDoesNotAsk) {
  const InitiatorId a = bus_.add_initiator("a", 0);
  const InitiatorId b = bus_.add_initiator("b", 1);
  const InitiatorId c = bus_.add_initiator("c", 2);
  bus_.offer(b, 0, read(0, 8));
  EXPECT_EQ(drain().at(0).initiator, b);  // the pointer stands after b
  bus_.offer(a, 10 * kPeriod, read(0, 8));
  bus_.offer(c, 10 * kPeriod, read(0, 8));
  const auto grants = drain();
  EXPECT_EQ(grants.at(0).initiator, c);
  EXPECT_EQ(grants.at(1).initiator, a);
}

class PriorityTest : public InterconnectTest {
 protected:
  PriorityTest() : InterconnectTest{Arbitration::kPriority} {}
};

TEST_F(PriorityTest, LowerRankAlwaysWins) {
  const InitiatorId low = bus_.add_initiator("low", 7);
  const InitiatorId high = bus_.add_initiator("high", 1);
  bus_.offer(low, 0, read(0, 8));
  bus_.offer(high, 0, read(0, 8));
  // high: granted at 1, done at 3; its next offer (cycle 3) takes part from 4 on. low is granted
  // at 2, when high is still waiting for its response.
  EXPECT_EQ(decide(1).at(0).initiator, high);
  bus_.offer(high, 3 * kPeriod, read(0, 32));
  EXPECT_EQ(decide(2).at(0).initiator, low);  // done at 4
  bus_.offer(low, 4 * kPeriod, read(0, 8));
  EXPECT_EQ(decide(4).at(0).initiator, high);  // link taken until 8
  bus_.offer(high, 9 * kPeriod, read(0, 8));   // too late for the decision at 8
  EXPECT_EQ(decide(8).at(0).initiator, low);
}

TEST_F(InterconnectTest, UnalignedBurstTakesABeatMore) {
  const InitiatorId dma = bus_.add_initiator("dma", 0);
  // 16 bytes from 0x4 touch the words 0, 8 and 16: three beats, granted at 1, done at 1 + 3 + 1.
  EXPECT_EQ(bus_.uncontended(dma, 0, read(0x4, 16)), 5 * kPeriod);
  EXPECT_EQ(bus_.counters(0).total(kBeat), 3);
}

TEST_F(InterconnectTest, UncontendedIsOfferAndDecide) {
  const Clock memory_clock{"memory", 66'666'667};
  ExternalMemoryCore device_a{"device", {4096, 2, 9, 32}, memory_clock};
  ExternalMemoryCore device_b{"device", {4096, 2, 9, 32}, memory_clock};
  Interconnect twin{{8, 1, Arbitration::kRoundRobin}, clock_};
  SramCore low{"low", {4096, 8, 1}, clock_};
  twin.add_target("low", 0x0000, low);
  twin.add_target("device", 0x2000, device_a);
  Interconnect bus{{8, 1, Arbitration::kRoundRobin}, clock_};
  bus.add_target("low", 0x0000, low_);
  bus.add_target("device", 0x2000, device_b);
  const InitiatorId dma = bus.add_initiator("dma", 0);
  twin.add_initiator("dma", 0);

  std::mt19937 random{1};
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  Picoseconds t = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (below(2) == 0) t += below(50'000);
    Burst burst;
    burst.address = below(2) == 0 ? 0x2000 : 0;
    burst.address += below(3900);
    burst.bytes = 1 + below(128);
    burst.write = below(2) == 0;
    burst.tag.layer = static_cast<std::int16_t>(below(3));
    const Picoseconds alone = twin.uncontended(dma, t, burst);
    bus.offer(dma, t, burst);
    std::vector<Interconnect::Grant> grants;
    bus.decide(*bus.next_decision(), grants);
    ASSERT_EQ(grants.at(0).done, alone) << "burst " << i;
    t = alone;
  }
  for (TargetId id = 0; id < 2; ++id) {
    EXPECT_EQ(bus.counters(id), twin.counters(id));
    EXPECT_EQ(bus.busy_cycles(id), twin.busy_cycles(id));
    EXPECT_EQ(bus.wait_cycles(id), 0);
  }
  EXPECT_EQ(low_.counters(), low.counters());
  EXPECT_EQ(device_a.counters(), device_b.counters());
  EXPECT_TRUE(bus.served_bytes() == twin.served_bytes());
  EXPECT_TRUE(bus.served_bytes() == bus.offered_bytes());
  EXPECT_EQ(bus.served_bytes().entries().size(), 12u);  // 2 targets x 2 directions x 3 layers
}

TEST_F(InterconnectTest, BytesAreCountedAtBothEnds) {
  const InitiatorId dma = bus_.add_initiator("dma", 0);
  const base::Tag weights{3, base::TensorClass::kWeights};
  bus_.offer(dma, 0, {0x10, 24, false, weights});
  EXPECT_EQ(bus_.offered_bytes().bytes(dma, 0, false, weights.tensor_class, 3), 24u);
  EXPECT_EQ(bus_.served_bytes().bytes(dma, 0, false), 0u);
  EXPECT_FALSE(bus_.offered_bytes() == bus_.served_bytes());
  EXPECT_FALSE(bus_.idle());
  drain();
  EXPECT_EQ(bus_.served_bytes().bytes(dma, 0, false, weights.tensor_class, 3), 24u);
  EXPECT_EQ(bus_.served_bytes().bytes(dma, 0, true, weights.tensor_class, 3), 0u);
  EXPECT_TRUE(bus_.offered_bytes() == bus_.served_bytes());
  EXPECT_TRUE(bus_.idle());
}

TEST_F(InterconnectTest, TargetsCountFromTheirBase) {
  // The device's blocks of 32 bytes begin at its base, 0x2008: 32 bytes from there are one block,
  // 5 + 16 cycles. Offered in 0, granted at 1, end at 22, done at 23.
  ExternalMemoryCore device{"device", {4096, 2, 5, 32}, clock_};
  bus_.add_target("device", 0x2008, device);
  const InitiatorId dma = bus_.add_initiator("dma", 0);
  EXPECT_EQ(bus_.uncontended(dma, 0, read(0x2008, 32)), 23 * kPeriod);
}

TEST_F(InterconnectTest, RoutesByWholeBurst) {
  EXPECT_EQ(bus_.route(read(0x0ff8, 8)), 0);
  EXPECT_EQ(bus_.route(read(0x0ff8, 9)), std::nullopt);  // leaves low, though high begins there
  EXPECT_EQ(bus_.route(read(0x1000, 1)), 1);
  EXPECT_EQ(bus_.route(read(0x1fff, 1)), 1);
  EXPECT_EQ(bus_.route(read(0x2000, 1)), std::nullopt);
}

TEST_F(InterconnectTest, ErrorsNameTheInitiator) {
  const InitiatorId dma = bus_.add_initiator("dma", 0);
  try {
    bus_.offer(dma, 0, write(0x2000, 64));
    FAIL() << "no error";
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(), "dma: write of 64 bytes at 0x2000: no target is mapped there");
  }
  EXPECT_THROW(bus_.offer(dma, 0, read(0, 0)), base::InternalError);
  bus_.offer(dma, 0, read(0, 8));
  EXPECT_THROW(bus_.offer(dma, 0, read(0, 8)), base::InternalError);
  decide(1);  // done at 3
  EXPECT_THROW(bus_.offer(dma, 3 * kPeriod - 1, read(0, 8)), base::InternalError);
  EXPECT_NO_THROW(bus_.offer(dma, 3 * kPeriod, read(0, 8)));
  std::vector<Interconnect::Grant> grants;
  EXPECT_THROW(bus_.decide(5 * kPeriod + 1, grants), base::InternalError);
}

TEST_F(InterconnectTest, RefusesAmbiguousDeclarations) {
  bus_.add_initiator("dma", 0);
  EXPECT_THROW(bus_.add_initiator("host", 0), base::UserError);
  SramCore other{"other", {4096, 8, 1}, clock_};
  EXPECT_THROW(bus_.add_target("other", 0x1ff8, other), base::UserError);
  EXPECT_THROW(bus_.add_target("other", 0x2004, other), base::UserError);
  EXPECT_THROW(bus_.add_target("other", ~std::uint64_t{0} - 7, other), base::UserError);
  EXPECT_NO_THROW(bus_.add_target("other", 0x2000, other));
  EXPECT_THROW(Interconnect({12, 1, Arbitration::kRoundRobin}, clock_), base::UserError);
  EXPECT_THROW(Interconnect({8, -1, Arbitration::kRoundRobin}, clock_), base::UserError);
}

}  // namespace
}  // namespace milliwatt::memory
