// SPDX-License-Identifier: Apache-2.0
#include "memory/interconnect_tlm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "memory/bus_bench_tlm_testing.h"

namespace milliwatt::memory {
namespace {

using ::testing::IsEmpty;

TEST(InterconnectTlm, EqualsThePlainInterconnect) {
  std::uint64_t bursts = 0;
  std::uint64_t pieces = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const Scenario scenario = random_scenario(seed, 40);
    const BenchResult result = run_tlm(scenario, Arrangement{scenario});
    ASSERT_THAT(result.faults, IsEmpty()) << "seed " << seed;
    ASSERT_TRUE(result.outcome == run_plain(scenario)) << "seed " << seed;
    ASSERT_LE(result.activations, result.pieces) << "seed " << seed;
    bursts += result.bursts;
    pieces += result.pieces;
  }
  EXPECT_GT(bursts, 200u * 40u);  // some scenarios have several initiators
  EXPECT_GT(pieces, bursts);      // and some of their buses split
}

/// Four initiators under each kind of arbitration, with plenty of contention.
class CrowdedBusTest : public ::testing::TestWithParam<unsigned> {
 protected:
  CrowdedBusTest() : scenario_{random_scenario(GetParam(), 60)}, expected_{run_plain(scenario_)} {}

  void SetUp() override {
    ASSERT_EQ(scenario_.initiators.size(), 4u);
    ASSERT_GT(expected_.counts.at("cycles of device").at(0), 240);  // a cycle per burst at least
  }

  Scenario scenario_;
  BusOutcome expected_;
};

TEST_P(CrowdedBusTest, ShufflingAndSplitWaitsChangeNothing) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    const BenchResult result = run_tlm(scenario_, Arrangement::shuffled(scenario_, seed));
    ASSERT_THAT(result.faults, IsEmpty()) << "arrangement " << seed;
    ASSERT_TRUE(result.outcome == expected_) << "arrangement " << seed;
    ASSERT_LE(result.activations, result.pieces) << "arrangement " << seed;
  }
}

TEST_P(CrowdedBusTest, EveryMannerTakesTheSameTime) {
  for (int manner = 0; manner < kManners; ++manner) {
    Arrangement arrangement{scenario_};
    for (Manner& each : arrangement.manners) each = static_cast<Manner>(manner);
    const BenchResult result = run_tlm(scenario_, arrangement);
    EXPECT_THAT(result.faults, IsEmpty());
    EXPECT_TRUE(result.outcome == expected_) << "manner " << manner;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CrowdedBusTest,
                         // Priority, round robin; in one piece, in pieces.
                         ::testing::Values(20u, 37u, 66u, 11u));

TEST(InterconnectTlm, ShufflingManyScenarios) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const Scenario scenario = random_scenario(1'000 + seed, 25);
    const BenchResult result = run_tlm(scenario, Arrangement::shuffled(scenario, seed));
    ASSERT_THAT(result.faults, IsEmpty()) << "seed " << seed;
    ASSERT_TRUE(result.outcome == run_plain(scenario)) << "seed " << seed;
  }
}

/// One port and one memory of 4 KiB at 0x1000, on 8-byte links of latency 1 at 100 MHz.
class SinglePortTest : public ::testing::Test {
 protected:
  SinglePortTest() {
    id_ = plain_.add_initiator("dma", 0);
    plain_.add_target("sram", 0x1000, core_);
    bus_ = std::make_unique<InterconnectTlm>("bus", plain_);
    port_.socket.bind(checker_.target);
    checker_.initiator.bind(bus_->initiator(id_));
    bus_->target(0).bind(memory_.socket);
  }

  Kernel kernel_;
  base::Clock clock_{"bus", 100'000'000};
  SramCore core_{"sram", {4096, 8, 1}, clock_};
  Interconnect plain_{{8, 1, Arbitration::kRoundRobin}, clock_};
  InitiatorId id_ = 0;
  BurstPort port_{"port"};
  ProtocolChecker checker_{"checker"};
  MemoryTlm memory_{"sram", core_};
  std::unique_ptr<InterconnectTlm> bus_;
};

/// Does something once, in a process, at the beginning of the simulation.
class Starter : public sc_core::sc_module {
 public:
  Starter(const sc_core::sc_module_name& name, std::function<void()> action)
      : sc_module{name}, action_{std::move(action)} {
    SC_HAS_PROCESS(Starter);
    SC_THREAD(run);
  }

 private:
  void run() { action_(); }
  std::function<void()> action_;
};

TEST_F(SinglePortTest, ReadOf64BytesByHand) {
  // The sum of docs/models/bus.md: offered in cycle 0, granted at 1, eight beats until 9, done 10.
  unsigned char stored[64];
  for (int i = 0; i < 64; ++i) stored[i] = static_cast<unsigned char>(3 * i);
  memory_.poke(0x100, stored, 64);
  unsigned char buffer[64] = {};
  base::Picoseconds done = -1;
  base::Picoseconds called = -1;
  port_.on_response([&](base::Picoseconds t) {
    done = t;
    called = kernel_now();
    EXPECT_EQ(std::memcmp(buffer, stored, 64), 0);
  });
  Starter starter{"starter", [&] { port_.issue(0, {0x1100, 64, false, {}}, buffer); }};
  kernel_.run();
  EXPECT_EQ(done, 100'000);
  EXPECT_EQ(called, 10'000);  // at the grant; the rest is annotated
  EXPECT_EQ(bus_->activations(), 1u);
  EXPECT_EQ(port_.bytes_read(), 64u);
  EXPECT_EQ(memory_.bytes_read(), 64u);
}

TEST_F(SinglePortTest, TransactionsAreReused) {
  unsigned char buffer[8] = {};
  int left = 1'000;
  port_.on_response([&](base::Picoseconds t) {
    if (--left > 0) port_.issue(t, {0x1000, 8, left % 2 == 0, {}}, buffer);
  });
  Starter starter{"starter", [&] { port_.issue(0, {0x1000, 8, false, {}}, buffer); }};
  kernel_.run();
  checker_.finish();
  EXPECT_THAT(checker_.violations(), IsEmpty());
  EXPECT_EQ(checker_.completed(), 1'000u);
  EXPECT_EQ(port_.pool().outstanding(), 0u);
  EXPECT_EQ(port_.pool().size(), 2u);  // the next is issued while the bus still holds the last
  // Every burst but the first is offered at the response to the one before: three cycles each
  // (decision, beat, latency), one burst after the other.
  EXPECT_EQ(bus_->activations(), 1'000u);
  EXPECT_EQ(kernel_.now(), (999 * 3 + 1) * 10'000);
}

TEST_F(SinglePortTest, AddressErrorNamesThePort) {
  unsigned char buffer[64] = {};
  Starter starter{"starter", [&] { port_.issue(0, {0x1fe0, 64, true, {}}, buffer); }};
  try {
    kernel_.run();
    FAIL() << "no error";
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(), "port: write of 64 bytes at 0x1fe0: TLM_ADDRESS_ERROR_RESPONSE");
  }
  EXPECT_EQ(port_.pool().outstanding(), 0u);
  checker_.finish();
  EXPECT_THAT(checker_.violations(), IsEmpty());
}

TEST_F(SinglePortTest, NextBurstBeforeTheResponseIsRefused) {
  unsigned char buffer[8] = {};
  Starter starter{"starter", [&] {
                    port_.issue(0, {0x1000, 8, false, {}}, buffer);
                    port_.issue(0, {0x1008, 8, false, {}}, buffer);
                  }};
  EXPECT_THROW(kernel_.run(), base::InternalError);
}

TEST_F(SinglePortTest, OfferInThePastIsRefused) {
  unsigned char buffer[8] = {};
  Starter starter{"starter", [&] {
                    sc_core::wait(to_sc_time(10));
                    port_.issue(9, {0x1000, 8, false, {}}, buffer);
                  }};
  EXPECT_THROW(kernel_.run(), base::InternalError);
}

/// The same bus with a raw socket, for transactions that a BurstPort would not make.
class RawSocketTest : public ::testing::Test {
 protected:
  RawSocketTest() {
    id_ = plain_.add_initiator("host", 0);
    plain_.add_target("sram", 0x1000, core_);
    bus_ = std::make_unique<InterconnectTlm>("bus", plain_);
    socket_.bind(bus_->initiator(id_));
    bus_->target(0).bind(memory_.socket);
    payload_.set_command(tlm::TLM_READ_COMMAND);
    payload_.set_address(0x1000);
    payload_.set_data_ptr(data_);
    payload_.set_data_length(8);
    payload_.set_streaming_width(8);
  }

  /// b_transport of payload_, offered `offer` after the start; returns the completion time.
  base::Picoseconds transport(base::Picoseconds offer = 0) {
    base::Picoseconds done = -1;
    Starter starter{"starter", [&] {
                      sc_core::sc_time delay = to_sc_time(offer);
                      socket_->b_transport(payload_, delay);
                      done = kernel_now() + to_picoseconds(delay);
                    }};
    kernel_.run();
    return done;
  }

  struct Top : sc_core::sc_module {
    explicit Top(const sc_core::sc_module_name& name) : sc_module{name} {}
    tlm_utils::simple_initiator_socket<Top> socket{"socket"};
  };

  Kernel kernel_;
  base::Clock clock_{"bus", 100'000'000};
  SramCore core_{"sram", {4096, 8, 1}, clock_};
  Interconnect plain_{{8, 1, Arbitration::kRoundRobin}, clock_};
  InitiatorId id_ = 0;
  Top top_{"top"};
  tlm_utils::simple_initiator_socket<Top>& socket_ = top_.socket;
  MemoryTlm memory_{"sram", core_};
  std::unique_ptr<InterconnectTlm> bus_;
  tlm::tlm_generic_payload payload_;
  unsigned char data_[64] = {};
};

TEST_F(RawSocketTest, BlockingTakesTheTimeOfTheArbiter) {
  // Offered in cycle 2 (1 ps after edge 1), granted at 3, one beat, latency 1: done at 5.
  EXPECT_EQ(transport(10'001), 50'000);
  EXPECT_EQ(payload_.get_response_status(), tlm::TLM_OK_RESPONSE);
}

TEST_F(RawSocketTest, BlockingCallsOfTwoThreadsQueueUp) {
  tlm::tlm_generic_payload second;
  second.set_command(tlm::TLM_READ_COMMAND);
  second.set_address(0x1008);
  second.set_data_ptr(data_ + 8);
  second.set_data_length(8);
  second.set_streaming_width(8);
  base::Picoseconds last = 0;
  const auto call = [&](tlm::tlm_generic_payload& payload) {
    sc_core::sc_time delay;
    socket_->b_transport(payload, delay);
    last = std::max(last, kernel_now() + to_picoseconds(delay));
  };
  Starter first_thread{"first", [&] { call(payload_); }};
  Starter second_thread{"second", [&] { call(second); }};
  kernel_.run();
  EXPECT_EQ(last, 60'000);  // the second is offered at the response to the first, at cycle 3
}

TEST_F(RawSocketTest, ErrorsComeBackAsResponses) {
  payload_.set_address(0x2000);
  // A decision at cycle 1 and the latency of 1.
  EXPECT_EQ(transport(), 20'000);
  EXPECT_EQ(payload_.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(plain_.counters(0).total(0), 0);
}

TEST_F(RawSocketTest, RefusesByteEnables) {
  unsigned char enable = TLM_BYTE_ENABLED;
  payload_.set_byte_enable_ptr(&enable);
  payload_.set_byte_enable_length(1);
  transport();
  EXPECT_EQ(payload_.get_response_status(), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
}

TEST_F(RawSocketTest, RefusesStreamingBursts) {
  payload_.set_streaming_width(4);
  transport();
  EXPECT_EQ(payload_.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
}

TEST_F(RawSocketTest, RefusesOtherCommands) {
  payload_.set_command(tlm::TLM_IGNORE_COMMAND);
  transport();
  EXPECT_EQ(payload_.get_response_status(), tlm::TLM_COMMAND_ERROR_RESPONSE);
}

TEST_F(RawSocketTest, UntaggedTrafficAsksTheTagger) {
  bus_->set_tagger([](InitiatorId initiator, const Burst& burst) {
    EXPECT_EQ(initiator, 0);
    EXPECT_EQ(burst.address, 0x1000u);
    return base::Tag{5, base::TensorClass::kProgram};
  });
  transport();
  EXPECT_EQ(plain_.served_bytes().bytes(0, 0, false, base::TensorClass::kProgram, 5), 8u);
}

TEST_F(RawSocketTest, UntaggedTrafficWithoutATaggerIsControl) {
  transport();
  EXPECT_EQ(plain_.served_bytes().bytes(0, 0, false, base::TensorClass::kControl, base::kNoLayer),
            8u);
}

TEST_F(RawSocketTest, DebugAccessMovesBytesWithoutTime) {
  unsigned char in[5] = {1, 2, 3, 4, 5};
  payload_.set_command(tlm::TLM_WRITE_COMMAND);
  payload_.set_address(0x1ffb);  // the last five bytes
  payload_.set_data_ptr(in);
  payload_.set_data_length(5);
  EXPECT_EQ(socket_->transport_dbg(payload_), 5u);
  EXPECT_EQ(payload_.get_address(), 0x1ffbu);
  unsigned char out[5] = {};
  payload_.set_command(tlm::TLM_READ_COMMAND);
  payload_.set_data_ptr(out);
  EXPECT_EQ(socket_->transport_dbg(payload_), 5u);
  EXPECT_EQ(std::memcmp(in, out, 5), 0);
  memory_.peek(0xffb, out, 5);
  EXPECT_EQ(std::memcmp(in, out, 5), 0);
  payload_.set_address(0x1ffc);
  EXPECT_EQ(socket_->transport_dbg(payload_), 0u);  // nothing, and no abort
  EXPECT_TRUE(plain_.offered_bytes().entries().empty());
  EXPECT_EQ(core_.counters().total(0), 0);
}

TEST_F(RawSocketTest, DirectMemoryIsRefused) {
  tlm::tlm_dmi dmi;
  dmi.allow_read_write();
  EXPECT_FALSE(socket_->get_direct_mem_ptr(payload_, dmi));
  EXPECT_TRUE(dmi.is_none_allowed());
}

}  // namespace
}  // namespace milliwatt::memory
