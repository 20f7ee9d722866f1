// SPDX-License-Identifier: Apache-2.0
#include "memory/burst_port_tlm.h"

#include "base/error.h"
#include "memory/kernel.h"

namespace milliwatt::memory {

BurstPort::BurstPort(const sc_core::sc_module_name& name) : sc_module{name}, socket{"socket"} {
  socket.bind(*this);
}

void BurstPort::issue(base::Picoseconds offer_time, const Burst& burst, unsigned char* data) {
  if (outstanding_) {
    throw base::InternalError(describe(*outstanding_) + ": the next burst is issued too early");
  }
  if (offer_time < kernel_now()) {
    throw base::InternalError(std::string(name()) + ": a burst is offered in the past");
  }
  outstanding_ = &pool_.acquire(burst, data);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = to_sc_time(offer_time - kernel_now());
  tlm::tlm_generic_payload& transaction = *outstanding_;
  const auto status = socket->nb_transport_fw(transaction, phase, delay);
  const base::Picoseconds done = kernel_now() + to_picoseconds(delay);
  const bool responded = status == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP;
  if (responded) {
    phase = tlm::END_RESP;
    socket->nb_transport_fw(transaction, phase, delay);
  }
  if (responded || status == tlm::TLM_COMPLETED) finish(done);
}

tlm::tlm_sync_enum BurstPort::nb_transport_bw(tlm::tlm_generic_payload& transaction,
                                              tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == tlm::END_REQ) return tlm::TLM_ACCEPTED;
  if (phase != tlm::BEGIN_RESP || &transaction != outstanding_) {
    throw base::InternalError(describe(transaction) + ": unexpected phase " + phase.get_name());
  }
  finish(kernel_now() + to_picoseconds(delay));
  return tlm::TLM_COMPLETED;
}

void BurstPort::finish(base::Picoseconds done) {
  tlm::tlm_generic_payload& transaction = *outstanding_;
  outstanding_ = nullptr;
  const std::string fault = transaction.is_response_ok()
                                ? std::string()
                                : describe(transaction) + ": " + transaction.get_response_string();
  (transaction.is_write() ? bytes_written_ : bytes_read_) += transaction.get_data_length();
  transaction.release();
  if (!fault.empty()) throw base::SimulationError(fault);
  if (on_response_) on_response_(done);
}

std::string BurstPort::describe(const tlm::tlm_generic_payload& transaction) const {
  char address[19];
  std::snprintf(address, sizeof address, "0x%llx",
                static_cast<unsigned long long>(transaction.get_address()));
  return std::string(name()) + ": " + (transaction.is_write() ? "write" : "read") + " of " +
         std::to_string(transaction.get_data_length()) + " bytes at " + address;
}

void BurstPort::invalidate_direct_mem_ptr(sc_dt::uint64 /*start*/, sc_dt::uint64 /*end*/) {}

}  // namespace milliwatt::memory
