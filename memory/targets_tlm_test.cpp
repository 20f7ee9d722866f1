// SPDX-License-Identifier: Apache-2.0
// The modules at both ends of the bus: ports, memories, register windows, pooled transactions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "memory/bus_bench_tlm_testing.h"
#include "memory/register_tlm.h"

namespace milliwatt::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Payload = tlm::tlm_generic_payload;

TEST(TransactionPool, ReusedTransactionsAreFresh) {
  TransactionPool pool;
  unsigned char data[8] = {};
  const base::Tag tag{7, base::TensorClass::kWeights};
  Payload& first = pool.acquire({0x10, 4, true, tag}, data);
  EXPECT_EQ(first.get_ref_count(), 1);
  EXPECT_EQ(first.get_extension<TagExtension>()->tag.layer, 7);
  first.set_response_status(tlm::TLM_OK_RESPONSE);
  first.set_dmi_allowed(true);
  first.set_streaming_width(1);
  first.set_byte_enable_ptr(data);
  first.set_byte_enable_length(1);
  first.release();
  EXPECT_EQ(pool.outstanding(), 0u);

  Payload& second = pool.acquire({0x20, 8, false, {}}, data);
  EXPECT_EQ(&second, &first);
  EXPECT_TRUE(second.is_read());
  EXPECT_EQ(second.get_address(), 0x20u);
  EXPECT_EQ(second.get_data_length(), 8u);
  EXPECT_EQ(second.get_streaming_width(), 8u);
  EXPECT_EQ(second.get_byte_enable_ptr(), nullptr);
  EXPECT_EQ(second.get_byte_enable_length(), 0u);
  EXPECT_FALSE(second.is_dmi_allowed());
  EXPECT_EQ(second.get_response_status(), tlm::TLM_INCOMPLETE_RESPONSE);
  EXPECT_EQ(second.get_extension<TagExtension>()->tag.layer, base::kNoLayer);
  EXPECT_EQ(second.get_ref_count(), 1);
  EXPECT_NE(&pool.acquire({0x30, 8, false, {}}, data), &second);
  EXPECT_EQ(pool.outstanding(), 2u);
}

TEST(TagExtension, IsClonedAndCopied) {
  TagExtension tag{{3, base::TensorClass::kState}};
  const std::unique_ptr<TagExtension> clone{static_cast<TagExtension*>(tag.clone())};
  EXPECT_EQ(clone->tag.layer, 3);
  TagExtension other;
  other.copy_from(tag);
  EXPECT_EQ(other.tag.tensor_class, base::TensorClass::kState);
}

const base::Clock kClock{"bus", 100'000'000};

TEST(MemoryTlm, PeekAndPokeStayInside) {
  Kernel kernel;
  SramCore core{"sram", {64, 8, 1}, kClock};
  MemoryTlm memory{"sram", core};
  unsigned char bytes[4] = {1, 2, 3, 4};
  memory.poke(60, bytes, 4);
  unsigned char back[4] = {};
  memory.peek(60, back, 4);
  EXPECT_EQ(std::memcmp(bytes, back, 4), 0);
  memory.peek(0, back, 4);
  EXPECT_EQ(back[0], 0);  // contents begin as zero
  EXPECT_THROW(memory.poke(61, bytes, 4), base::SimulationError);
  EXPECT_THROW(memory.peek(~std::uint64_t{0}, back, 4), base::SimulationError);
  EXPECT_NO_THROW(memory.peek(64, nullptr, 0));
  EXPECT_EQ(core.counters().total(0) + core.counters().total(1), 0);
}

/// A register window at 0x0 that records what happens to it.
class RegisterTest : public ::testing::Test {
 protected:
  RegisterTest() : RegisterTest(InterconnectConfig{8, 1, Arbitration::kRoundRobin}) {}
  explicit RegisterTest(const InterconnectConfig& config) : plain_{config, clock_} {
    id_ = plain_.add_initiator("host", 0);
    plain_.add_target("window", 0, core_);
    bus_ = std::make_unique<InterconnectTlm>("bus", plain_);
    port_.socket.bind(bus_->initiator(id_));
    bus_->target(0).bind(checker_.target);
    checker_.initiator.bind(window_.socket);
    port_.on_response([this](base::Picoseconds t) { done_ = t; });
  }

  void access(const Burst& burst, unsigned char* data) {
    struct Once : sc_core::sc_module {
      Once(const sc_core::sc_module_name& name, std::function<void()> f)
          : sc_module{name}, action{std::move(f)} {
        SC_HAS_PROCESS(Once);
        SC_METHOD(run);
      }
      void run() { action(); }
      std::function<void()> action;
    } once{"once", [&] { port_.issue(0, burst, data); }};
    kernel_.run();
    checker_.finish();
    EXPECT_THAT(checker_.violations(), IsEmpty());
  }

  using Access = std::tuple<std::uint64_t, std::uint32_t, base::Picoseconds>;

  Kernel kernel_;
  base::Clock clock_{"bus", 100'000'000};
  RegisterCore core_{{64, 2}, clock_};
  Interconnect plain_;
  InitiatorId id_ = 0;
  BurstPort port_{"port"};
  ProtocolChecker checker_{"checker"};
  std::vector<Access> writes_;
  RegisterTlm window_{"window", core_,
                      [](std::uint64_t offset, base::Picoseconds) {
                        return 0x11223300u + static_cast<std::uint32_t>(offset);
                      },
                      [this](std::uint64_t offset, std::uint32_t value, base::Picoseconds t) {
                        writes_.emplace_back(offset, value, t);
                      }};
  std::unique_ptr<InterconnectTlm> bus_;
  base::Picoseconds done_ = -1;
};

TEST_F(RegisterTest, WriteTakesEffectAtItsResponse) {
  unsigned char data[8] = {0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0};
  access({0x10, 8, true, {}}, data);
  // Granted at 1, two cycles of access, one of latency: 4.
  EXPECT_EQ(done_, 40'000);
  EXPECT_THAT(writes_, ElementsAre(Access{0x10, 0x12345678, 40'000}, Access{0x14, 1, 40'000}));
}

/// Behind a bus that splits what takes more than one beat.
class SplitRegisterTest : public RegisterTest {
 protected:
  SplitRegisterTest() : RegisterTest(InterconnectConfig{8, 1, Arbitration::kRoundRobin, 1u}) {}
};

TEST_F(SplitRegisterTest, PiecesTakeEffectOneAfterTheOther) {
  unsigned char data[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0};
  access({0x10, 16, true, {}}, data);
  // Granted at 1, two cycles of access, one of latency: 4. Offered again at 4: 8.
  EXPECT_EQ(done_, 80'000);
  EXPECT_THAT(writes_, ElementsAre(Access{0x10, 1, 40'000}, Access{0x14, 2, 40'000},
                                   Access{0x18, 3, 80'000}, Access{0x1c, 4, 80'000}));
  EXPECT_EQ(bus_->activations(), 2u);
}

TEST_F(SplitRegisterTest, TheErrorOfOnePieceIsThatOfTheBurst) {
  unsigned char data[13] = {};
  try {
    access({0x13, 13, true, {}}, data);  // five odd bytes, then eight good ones
    FAIL() << "no error";
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(), "port: write of 13 bytes at 0x13: TLM_BURST_ERROR_RESPONSE");
  }
  EXPECT_EQ(writes_.size(), 2u);
}

TEST_F(RegisterTest, ReadIsLittleEndian) {
  unsigned char data[4] = {};
  access({0x3c, 4, false, {}}, data);
  EXPECT_THAT(data, ElementsAre(0x3c, 0x33, 0x22, 0x11));
}

TEST_F(RegisterTest, OddAccessesAreRefused) {
  unsigned char data[8] = {};
  EXPECT_THROW(access({0x2, 4, false, {}}, data), base::SimulationError);
}

TEST_F(RegisterTest, PartOfAWordIsRefused) {
  unsigned char data[8] = {};
  EXPECT_THROW(access({0x4, 2, true, {}}, data), base::SimulationError);
  EXPECT_THAT(writes_, IsEmpty());
}

/// An initiator that lets the bus wait for END_RESP.
class LateAcceptor : public sc_core::sc_module {
 public:
  explicit LateAcceptor(const sc_core::sc_module_name& name) : sc_module{name} {
    socket.register_nb_transport_bw(this, &LateAcceptor::backward);
    SC_HAS_PROCESS(LateAcceptor);
    SC_THREAD(run);
  }

  tlm_utils::simple_initiator_socket<LateAcceptor> socket{"socket"};
  TransactionPool pool;
  int answered = 0;

 private:
  void run() {
    unsigned char data[8] = {};
    for (int i = 0; i < 20; ++i) {
      Payload& payload = pool.acquire({8u * i, 8, i % 2 == 0, {}}, data);
      tlm::tlm_phase phase = tlm::BEGIN_REQ;
      sc_core::sc_time delay;
      EXPECT_EQ(socket->nb_transport_fw(payload, phase, delay), tlm::TLM_ACCEPTED);
      wait(response_);
      EXPECT_EQ(payload.get_ref_count(), 2);  // ours and the bus's, until END_RESP
      wait(to_sc_time(12'345));
      phase = tlm::END_RESP;
      delay = sc_core::SC_ZERO_TIME;
      EXPECT_EQ(socket->nb_transport_fw(payload, phase, delay), tlm::TLM_COMPLETED);
      EXPECT_EQ(payload.get_ref_count(), 1);
      EXPECT_TRUE(payload.is_response_ok());
      payload.release();
      ++answered;
    }
  }
  tlm::tlm_sync_enum backward(Payload& /*payload*/, tlm::tlm_phase& phase,
                              sc_core::sc_time& delay) {
    EXPECT_EQ(phase, tlm::BEGIN_RESP);
    response_.notify(delay);
    return tlm::TLM_ACCEPTED;
  }

  sc_core::sc_event response_{"response"};
};

TEST(InterconnectTlm, WaitsForALateEndOfTheResponse) {
  Kernel kernel;
  SramCore core{"sram", {4096, 8, 1}, kClock};
  Interconnect plain{{8, 1, Arbitration::kRoundRobin}, kClock};
  plain.add_initiator("late", 0);
  plain.add_target("sram", 0, core);
  LateAcceptor late{"late"};
  ProtocolChecker checker{"checker"};
  MemoryTlm memory{"sram", core};
  InterconnectTlm bus{"bus", plain};
  late.socket.bind(checker.target);
  checker.initiator.bind(bus.initiator(0));
  bus.target(0).bind(memory.socket);
  kernel.run();
  checker.finish();
  EXPECT_THAT(checker.violations(), IsEmpty());
  EXPECT_EQ(checker.completed(), 20u);
  EXPECT_EQ(late.answered, 20);
  EXPECT_EQ(late.pool.outstanding(), 0u);
  EXPECT_EQ(late.pool.size(), 1u);
}

/// A target that breaks the contract of the interconnect.
class OddTarget : public sc_core::sc_module {
 public:
  OddTarget(const sc_core::sc_module_name& name, bool answers)
      : sc_module{name}, answers_{answers} {
    socket.register_nb_transport_fw(this, &OddTarget::forward);
  }
  tlm_utils::passthrough_target_socket<OddTarget> socket{"socket"};

 private:
  tlm::tlm_sync_enum forward(Payload& payload, tlm::tlm_phase& /*phase*/, sc_core::sc_time& delay) {
    if (!answers_) return tlm::TLM_ACCEPTED;
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    delay += to_sc_time(1);
    return tlm::TLM_COMPLETED;
  }
  bool answers_;
};

TEST(InterconnectTlm, NamesATargetWithTimeOfItsOwn) {
  for (const bool answers : {false, true}) {
    Kernel kernel;
    SramCore core{"sram", {4096, 8, 1}, kClock};
    Interconnect plain{{8, 1, Arbitration::kRoundRobin}, kClock};
    plain.add_initiator("late", 0);
    plain.add_target("odd", 0, core);
    LateAcceptor late{"late"};
    OddTarget odd{"odd", answers};
    InterconnectTlm bus{"bus", plain};
    late.socket.bind(bus.initiator(0));
    bus.target(0).bind(odd.socket);
    try {
      kernel.run();
      FAIL() << "no error";
    } catch (const base::InternalError& error) {
      EXPECT_STREQ(error.what(), "odd: a bus target answers in the call and adds no time");
    }
  }
}

TEST(BurstPort, TalksToAMemoryWithoutABus) {
  Kernel kernel;
  SramCore core{"sram", {4096, 8, 1}, kClock};
  MemoryTlm memory{"sram", core};
  ProtocolChecker checker{"checker"};
  BurstPort port{"port"};
  port.socket.bind(checker.target);
  checker.initiator.bind(memory.socket);
  kernel.run();
  std::vector<base::Picoseconds> done;
  port.on_response([&](base::Picoseconds t) { done.push_back(t); });
  unsigned char data[4] = {9, 8, 7, 6};
  port.issue(40, {8, 4, true, {}}, data);
  port.issue(50, {8, 4, false, {}}, data);
  EXPECT_THAT(done, ElementsAre(40, 50));  // a memory by itself takes no time
  EXPECT_EQ(port.bytes_written(), 4u);
  EXPECT_THROW(port.issue(60, {4094, 4, false, {}}, data), base::SimulationError);
  checker.finish();
  EXPECT_THAT(checker.violations(), IsEmpty());
  EXPECT_EQ(port.pool().outstanding(), 0u);
}

TEST(BurstPort, WriteToAReadOnlyMemoryIsACommandError) {
  Kernel kernel;
  ExternalMemoryConfig config;
  config.writable = false;
  ExternalMemoryCore core{"flash", config, kClock};
  Interconnect plain{{8, 1, Arbitration::kRoundRobin}, kClock};
  plain.add_initiator("dma", 0);
  plain.add_target("flash", 0, core);
  InterconnectTlm bus{"bus", plain};
  MemoryTlm memory{"flash", core};
  BurstPort port{"dma_port"};
  port.socket.bind(bus.initiator(0));
  bus.target(0).bind(memory.socket);
  kernel.run();
  unsigned char data[8] = {};
  EXPECT_NO_THROW(port.issue(0, {0x40, 8, false, {}}, data));
  kernel.run();
  try {
    port.issue(kernel_now(), {0x40, 8, true, {}}, data);
    FAIL() << "no error";
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(), "dma_port: write of 8 bytes at 0x40: TLM_COMMAND_ERROR_RESPONSE");
  }
}

}  // namespace
}  // namespace milliwatt::memory
