// SPDX-License-Identifier: Apache-2.0
// Each rule of the checker is broken once and must be reported, alone.
#include "memory/protocol_checker_tlm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "memory/kernel.h"
#include "memory/transaction_pool_tlm.h"

namespace milliwatt::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Payload = tlm::tlm_generic_payload;

/// An initiator and a target that do whatever a test tells them, around a checker.
class ProtocolCheckerTest : public ::testing::Test {
 protected:
  struct Ends : sc_core::sc_module {
    explicit Ends(const sc_core::sc_module_name& name) : sc_module{name} {
      initiator.register_nb_transport_bw(this, &Ends::backward);
      target.register_nb_transport_fw(this, &Ends::forward);
      target.register_b_transport(this, &Ends::blocking);
      target.register_transport_dbg(this, &Ends::debug);
    }
    tlm::tlm_sync_enum forward(Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
      return on_forward(payload, phase, delay);
    }
    tlm::tlm_sync_enum backward(Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
      return on_backward(payload, phase, delay);
    }
    void blocking(Payload& payload, sc_core::sc_time& /*delay*/) { on_blocking(payload); }
    unsigned debug(Payload& payload) { return on_debug(payload); }

    tlm_utils::simple_initiator_socket<Ends> initiator{"initiator"};
    tlm_utils::passthrough_target_socket<Ends> target{"target"};
    using Transport =
        std::function<tlm::tlm_sync_enum(Payload&, tlm::tlm_phase&, sc_core::sc_time&)>;
    Transport on_forward = [](Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time&) {
      if (phase == tlm::END_RESP) return tlm::TLM_COMPLETED;
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
      phase = tlm::BEGIN_RESP;
      return tlm::TLM_UPDATED;
    };
    Transport on_backward = [](Payload&, tlm::tlm_phase&, sc_core::sc_time&) {
      return tlm::TLM_ACCEPTED;
    };
    std::function<void(Payload&)> on_blocking = [](Payload& payload) {
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
    };
    std::function<unsigned(Payload&)> on_debug = [](Payload& payload) {
      return payload.get_data_length();
    };
  };

  ProtocolCheckerTest() {
    ends_.initiator.bind(checker_.target);
    checker_.initiator.bind(ends_.target);
    kernel_.run();  // nothing happens, but the sockets are bound
  }

  Payload& fresh(bool write = false) { return pool_.acquire({0x40, 8, write, {}}, data_); }

  tlm::tlm_sync_enum forward(Payload& payload, tlm::tlm_phase phase, base::Picoseconds delay = 0) {
    sc_core::sc_time time = to_sc_time(delay);
    return ends_.initiator->nb_transport_fw(payload, phase, time);
  }
  tlm::tlm_sync_enum backward(Payload& payload, tlm::tlm_phase phase, base::Picoseconds delay = 0) {
    sc_core::sc_time time = to_sc_time(delay);
    return ends_.target->nb_transport_bw(payload, phase, time);
  }
  /// A whole transaction with the default target.
  void complete(Payload& payload) {
    forward(payload, tlm::BEGIN_REQ);
    forward(payload, tlm::END_RESP);
    payload.release();
  }
  /// Makes the target accept requests without an answer.
  void target_waits() {
    ends_.on_forward = [](Payload&, tlm::tlm_phase&, sc_core::sc_time&) {
      return tlm::TLM_ACCEPTED;
    };
  }

  void expect_one(const std::string& rule) {
    EXPECT_THAT(checker_.violations(), ElementsAre(HasSubstr(rule)));
  }

  Kernel kernel_;
  TransactionPool pool_;
  Ends ends_{"ends"};
  ProtocolChecker checker_{"checker"};
  unsigned char data_[8] = {};
};

TEST_F(ProtocolCheckerTest, GoodTransactionsPass) {
  complete(fresh());
  complete(fresh(true));
  checker_.finish();
  EXPECT_THAT(checker_.violations(), IsEmpty());
  EXPECT_EQ(checker_.completed(), 2u);
}

TEST_F(ProtocolCheckerTest, FourPhasesPass) {
  target_waits();
  Payload& payload = fresh();
  forward(payload, tlm::BEGIN_REQ);
  backward(payload, tlm::END_REQ, 5);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  backward(payload, tlm::BEGIN_RESP, 10);
  forward(payload, tlm::END_RESP, 10);
  payload.release();
  checker_.finish();
  EXPECT_THAT(checker_.violations(), IsEmpty());
}

TEST_F(ProtocolCheckerTest, StaleResponseStatus) {
  Payload& payload = fresh();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  complete(payload);
  expect_one("response status is not INCOMPLETE at the request");
}

TEST_F(ProtocolCheckerTest, MissingResponseStatus) {
  ends_.on_forward = [](Payload&, tlm::tlm_phase& phase, sc_core::sc_time&) {
    if (phase == tlm::END_RESP) return tlm::TLM_COMPLETED;
    phase = tlm::BEGIN_RESP;
    return tlm::TLM_UPDATED;
  };
  complete(fresh());
  expect_one("response status is INCOMPLETE at the response");
}

TEST_F(ProtocolCheckerTest, NoDataPointer) {
  Payload& payload = fresh();
  payload.set_data_ptr(nullptr);
  complete(payload);
  expect_one("no data pointer");
}

TEST_F(ProtocolCheckerTest, NoData) {
  Payload& payload = fresh();
  payload.set_data_length(0);
  complete(payload);
  expect_one("no data");
}

TEST_F(ProtocolCheckerTest, NoStreamingWidth) {
  Payload& payload = fresh();
  payload.set_streaming_width(0);
  complete(payload);
  expect_one("streaming width is zero");
}

TEST_F(ProtocolCheckerTest, StaleDmiHint) {
  Payload& payload = fresh();
  payload.set_dmi_allowed(true);
  complete(payload);
  expect_one("DMI hint");
}

TEST_F(ProtocolCheckerTest, SecondRequestTooEarly) {
  target_waits();
  forward(fresh(), tlm::BEGIN_REQ);
  forward(fresh(), tlm::BEGIN_REQ);
  expect_one("BEGIN_REQ before END_REQ");
}

TEST_F(ProtocolCheckerTest, SameTransactionTwice) {
  target_waits();
  Payload& payload = fresh();
  forward(payload, tlm::BEGIN_REQ);
  backward(payload, tlm::END_REQ);
  forward(payload, tlm::BEGIN_REQ);
  expect_one("BEGIN_REQ of a transaction that is under way");
}

TEST_F(ProtocolCheckerTest, ResponseWithoutRequest) {
  Payload& payload = fresh();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  backward(payload, tlm::BEGIN_RESP);
  expect_one("BEGIN_RESP without a request");
}

TEST_F(ProtocolCheckerTest, SecondResponseTooEarly) {
  target_waits();
  Payload& first = fresh();
  Payload& second = fresh();
  for (Payload* payload : {&first, &second}) {
    forward(*payload, tlm::BEGIN_REQ);
    backward(*payload, tlm::END_REQ);
    payload->set_response_status(tlm::TLM_OK_RESPONSE);
  }
  backward(first, tlm::BEGIN_RESP);
  backward(second, tlm::BEGIN_RESP);
  expect_one("BEGIN_RESP before END_RESP");
}

TEST_F(ProtocolCheckerTest, RequestEndedTwice) {
  target_waits();
  Payload& payload = fresh();
  forward(payload, tlm::BEGIN_REQ);
  backward(payload, tlm::END_REQ);
  backward(payload, tlm::END_REQ);
  expect_one("END_REQ without BEGIN_REQ");
}

TEST_F(ProtocolCheckerTest, ResponseEndedWithoutBegin) {
  target_waits();
  Payload& payload = fresh();
  forward(payload, tlm::BEGIN_REQ);
  forward(payload, tlm::END_RESP);
  expect_one("END_RESP without BEGIN_RESP");
}

TEST_F(ProtocolCheckerTest, PhaseInTheWrongDirection) {
  target_waits();
  Payload& payload = fresh();
  forward(payload, tlm::BEGIN_REQ);
  forward(payload, tlm::END_REQ);
  expect_one("backward phase in forward call");
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  backward(payload, tlm::BEGIN_RESP);
  backward(payload, tlm::END_RESP);
  EXPECT_THAT(checker_.violations().back(), HasSubstr("forward phase in backward call"));
}

TEST_F(ProtocolCheckerTest, UnknownPhase) {
  target_waits();
  Payload& payload = fresh();
  forward(payload, tlm::BEGIN_REQ);
  backward(payload, tlm::END_REQ);
  backward(payload, tlm::UNINITIALIZED_PHASE);
  EXPECT_THAT(checker_.violations().back(), HasSubstr("unknown phase"));
}

TEST_F(ProtocolCheckerTest, AnnotatedTimeGoesBack) {
  target_waits();
  Payload& payload = fresh();
  forward(payload, tlm::BEGIN_REQ, 100);
  backward(payload, tlm::END_REQ, 100);
  EXPECT_THAT(checker_.violations(), IsEmpty());
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  backward(payload, tlm::BEGIN_RESP, 99);
  expect_one("annotated time goes back");
}

TEST_F(ProtocolCheckerTest, ChangedAttribute) {
  ends_.on_forward = [](Payload& payload, tlm::tlm_phase&, sc_core::sc_time&) {
    payload.set_address(payload.get_address() + 1);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return tlm::TLM_COMPLETED;
  };
  forward(fresh(), tlm::BEGIN_REQ);
  expect_one("attributes or written data were changed");
}

TEST_F(ProtocolCheckerTest, ChangedDataOfAWrite) {
  ends_.on_forward = [](Payload& payload, tlm::tlm_phase&, sc_core::sc_time&) {
    payload.get_data_ptr()[3] ^= 1;
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return tlm::TLM_COMPLETED;
  };
  forward(fresh(), tlm::BEGIN_REQ);  // of a read it is the answer
  EXPECT_THAT(checker_.violations(), IsEmpty());
  forward(fresh(true), tlm::BEGIN_REQ);
  expect_one("attributes or written data were changed");
}

TEST_F(ProtocolCheckerTest, NoMemoryManager) {
  Payload payload;
  payload.set_command(tlm::TLM_READ_COMMAND);
  payload.set_data_ptr(data_);
  payload.set_data_length(8);
  payload.set_streaming_width(8);
  forward(payload, tlm::BEGIN_REQ);
  EXPECT_THAT(checker_.violations(),
              ElementsAre(HasSubstr("no memory manager"), HasSubstr("without a reference")));
}

TEST_F(ProtocolCheckerTest, LeakedReference) {
  Payload& payload = fresh();
  payload.acquire();
  complete(payload);
  checker_.finish();
  expect_one("transaction with 1 references at the end");
  payload.release();
}

TEST_F(ProtocolCheckerTest, TransactionThatNeverEnds) {
  target_waits();
  Payload& payload = fresh();
  forward(payload, tlm::BEGIN_REQ);
  payload.release();
  checker_.finish();
  expect_one("never ended");
}

TEST_F(ProtocolCheckerTest, BlockingTransportThatChangesAttributes) {
  ends_.on_blocking = [](Payload& payload) {
    payload.set_data_length(4);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  };
  sc_core::sc_time delay;
  ends_.initiator->b_transport(fresh(), delay);
  expect_one("attributes or written data were changed");
}

TEST_F(ProtocolCheckerTest, DebugAccessThatMovesTooMuch) {
  ends_.on_debug = [](Payload& payload) { return payload.get_data_length() + 1; };
  ends_.initiator->transport_dbg(fresh());
  expect_one("debug access moved more");
}

TEST_F(ProtocolCheckerTest, DebugAccessThatChangesAttributes) {
  ends_.on_debug = [](Payload& payload) {
    payload.set_address(0);
    return 8u;
  };
  ends_.initiator->transport_dbg(fresh());
  expect_one("debug access changed");
}

}  // namespace
}  // namespace milliwatt::memory
