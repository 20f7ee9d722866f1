// SPDX-License-Identifier: Apache-2.0
#include "memory/interconnect_tlm.h"

#include <algorithm>

#include "base/error.h"
#include "memory/kernel.h"

namespace milliwatt::memory {
namespace {

/// A name that SystemC accepts for a socket.
std::string socket_name(const char* prefix, std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == ' '; }, '_');
  return prefix + name;
}

}  // namespace

InterconnectTlm::InterconnectTlm(const sc_core::sc_module_name& name, Interconnect& core)
    : sc_module{name}, core_{core}, decision_{"decision"} {
  masters_.resize(core.initiators());
  for (InitiatorId id = 0; id < core.initiators(); ++id) {
    const std::string label = socket_name("from_", core.initiator_name(id));
    Master& master = masters_[id];
    master.socket = std::make_unique<InitiatorSide>(label.c_str());
    master.socket->register_nb_transport_fw(this, &InterconnectTlm::nb_transport_fw, id);
    master.socket->register_b_transport(this, &InterconnectTlm::b_transport, id);
    master.socket->register_transport_dbg(this, &InterconnectTlm::transport_dbg, id);
    master.socket->register_get_direct_mem_ptr(this, &InterconnectTlm::get_direct_mem_ptr, id);
    master.answered = std::make_unique<sc_core::sc_event>((label + "_answered").c_str());
    master.freed = std::make_unique<sc_core::sc_event>((label + "_freed").c_str());
  }
  for (TargetId id = 0; id < core.targets(); ++id) {
    targets_.emplace_back();
    for (int port = 0; port < core.ports(id); ++port) {
      std::string label = socket_name("to_", core.target_name(id));
      if (port > 0) label += "_" + std::to_string(port);
      targets_.back().push_back(std::make_unique<TargetSide>(label.c_str()));
      targets_.back().back()->register_nb_transport_bw(this, &InterconnectTlm::nb_transport_bw, id);
    }
  }
  SC_HAS_PROCESS(InterconnectTlm);
  SC_METHOD(decide);
  sensitive << decision_;
  dont_initialize();
}

Burst InterconnectTlm::burst_of(InitiatorId id, const tlm::tlm_generic_payload& transaction) const {
  Burst burst{transaction.get_address(), transaction.get_data_length(), transaction.is_write(), {}};
  if (const auto* extension = transaction.get_extension<TagExtension>()) {
    burst.tag = extension->tag;
  } else if (tagger_) {
    burst.tag = tagger_(id, burst);
  }
  return burst;
}

tlm::tlm_response_status InterconnectTlm::fault_of(
    const tlm::tlm_generic_payload& transaction) const {
  if (!transaction.is_read() && !transaction.is_write()) return tlm::TLM_COMMAND_ERROR_RESPONSE;
  if (transaction.get_byte_enable_ptr()) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
  const Burst burst{transaction.get_address(), transaction.get_data_length(), false, {}};
  if (burst.bytes == 0 || transaction.get_streaming_width() < burst.bytes) {
    return tlm::TLM_BURST_ERROR_RESPONSE;
  }
  const auto target = core_.route(burst);
  if (!target) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
  return transaction.is_write() && !core_.writable(*target) ? tlm::TLM_COMMAND_ERROR_RESPONSE
                                                            : tlm::TLM_INCOMPLETE_RESPONSE;
}

void InterconnectTlm::offer(InitiatorId id, base::Picoseconds t,
                            tlm::tlm_generic_payload& transaction) {
  core_.offer(id, t, burst_of(id, transaction));
  masters_[id].waiting = &transaction;
  schedule();
}

/// An earlier notification stands: there is none that decides nothing, for offers never vanish.
/// A decision of this very moment is due already: it was scheduled when its burst was offered, at
/// least a cycle ago, and an offer that comes before it in the same moment must not repeat it.
void InterconnectTlm::schedule() {
  const auto next = core_.next_decision();
  if (next && *next > kernel_now()) decision_.notify(to_sc_time(*next - kernel_now()));
}

tlm::tlm_sync_enum InterconnectTlm::nb_transport_fw(int id, tlm::tlm_generic_payload& transaction,
                                                    tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
  Master& master = masters_[id];
  if (phase == tlm::END_RESP && master.responding == &transaction) {
    master.responding = nullptr;
    transaction.release();
    return tlm::TLM_COMPLETED;
  }
  if (phase != tlm::BEGIN_REQ) {
    throw base::SimulationError(core_.describe(id, burst_of(id, transaction)) +
                                ": unexpected phase " + phase.get_name());
  }
  const base::Picoseconds t = kernel_now() + to_picoseconds(delay);
  const auto fault = fault_of(transaction);
  if (fault != tlm::TLM_INCOMPLETE_RESPONSE) {
    transaction.set_response_status(fault);
    delay = to_sc_time(core_.error_response(t) - kernel_now());
    return tlm::TLM_COMPLETED;
  }
  offer(id, t, transaction);
  transaction.acquire();
  return tlm::TLM_ACCEPTED;
}

void InterconnectTlm::decide() {
  ++activations_;
  grants_.clear();
  core_.decide(kernel_now(), grants_);
  if (grants_.empty()) {
    throw base::InternalError(std::string(name()) + ": a decision that grants nothing");
  }
  for (const Interconnect::Grant& grant : grants_) carry(grant);
  schedule();
}

void InterconnectTlm::carry(const Interconnect::Grant& grant) {
  Master& master = masters_[grant.initiator];
  tlm::tlm_generic_payload& transaction = *master.waiting;
  const bool whole = grant.offset == 0 && grant.last;
  whole ? forward(grant, transaction) : forward_piece(grant, transaction);
  if (!grant.last) return;
  master.waiting = nullptr;
  if (master.blocking) {
    master.answered->notify(to_sc_time(grant.done - kernel_now()));
  } else {
    respond(grant, transaction);
  }
}

void InterconnectTlm::forward(const Interconnect::Grant& grant,
                              tlm::tlm_generic_payload& transaction) {
  const sc_dt::uint64 address = transaction.get_address();
  const sc_core::sc_time until_done = to_sc_time(grant.done - kernel_now());
  sc_core::sc_time delay = until_done;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  TargetSide& socket = *targets_[grant.target][grant.port];
  transaction.set_address(address - core_.target_base(grant.target));
  const auto status = socket->nb_transport_fw(transaction, phase, delay);
  const bool responded = status == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP;
  if ((!responded && status != tlm::TLM_COMPLETED) || delay != until_done) {
    throw base::InternalError(core_.target_name(grant.target) +
                              ": a bus target answers in the call and adds no time");
  }
  if (responded) {
    phase = tlm::END_RESP;
    socket->nb_transport_fw(transaction, phase, delay);
  }
  transaction.set_address(address);
}

void InterconnectTlm::forward_piece(const Interconnect::Grant& grant,
                                    tlm::tlm_generic_payload& transaction) {
  Master& master = masters_[grant.initiator];
  if (grant.offset == 0) master.status = tlm::TLM_OK_RESPONSE;
  Burst burst = burst_of(grant.initiator, transaction);
  burst.address += grant.offset;
  burst.bytes = grant.bytes;
  tlm::tlm_generic_payload& piece = pool_.acquire(burst, transaction.get_data_ptr() + grant.offset);
  forward(grant, piece);
  if (master.status == tlm::TLM_OK_RESPONSE) master.status = piece.get_response_status();
  piece.release();
  if (grant.last) transaction.set_response_status(master.status);
}

void InterconnectTlm::respond(const Interconnect::Grant& grant,
                              tlm::tlm_generic_payload& transaction) {
  Master& master = masters_[grant.initiator];
  sc_core::sc_time delay = to_sc_time(grant.done - kernel_now());
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  master.responding = &transaction;
  const auto status = (*master.socket)->nb_transport_bw(transaction, phase, delay);
  if (status == tlm::TLM_ACCEPTED) return;
  master.responding = nullptr;
  transaction.release();
}

/// Waits for its turn at the socket, then in the same arbiter as everybody else, until the
/// response.
void InterconnectTlm::b_transport(int id, tlm::tlm_generic_payload& transaction,
                                  sc_core::sc_time& delay) {
  Master& master = masters_[id];
  base::Picoseconds t = kernel_now() + to_picoseconds(delay);
  const auto fault = fault_of(transaction);
  if (fault != tlm::TLM_INCOMPLETE_RESPONSE) {
    transaction.set_response_status(fault);
    delay = to_sc_time(core_.error_response(t) - kernel_now());
    return;
  }
  while (master.blocking) wait(*master.freed);
  t = std::max(t, kernel_now());
  tlm::tlm_generic_payload& carried =
      pool_.acquire(burst_of(id, transaction), transaction.get_data_ptr());
  master.blocking = true;
  offer(id, t, carried);
  wait(*master.answered);
  master.blocking = false;
  master.freed->notify();
  transaction.set_response_status(carried.get_response_status());
  carried.release();
  delay = sc_core::SC_ZERO_TIME;
}

unsigned InterconnectTlm::transport_dbg(int id, tlm::tlm_generic_payload& transaction) {
  const auto target = core_.route(burst_of(id, transaction));
  if (!target) {
    transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return 0;
  }
  const sc_dt::uint64 address = transaction.get_address();
  transaction.set_address(address - core_.target_base(*target));
  const unsigned moved = (*targets_[*target][0])->transport_dbg(transaction);
  transaction.set_address(address);
  return moved;
}

bool InterconnectTlm::get_direct_mem_ptr(int /*id*/, tlm::tlm_generic_payload& /*transaction*/,
                                         tlm::tlm_dmi& dmi) {
  dmi.init();
  dmi.allow_none();
  return false;
}

tlm::tlm_sync_enum InterconnectTlm::nb_transport_bw(int id,
                                                    tlm::tlm_generic_payload& /*transaction*/,
                                                    tlm::tlm_phase& phase,
                                                    sc_core::sc_time& /*delay*/) {
  throw base::InternalError(core_.target_name(id) + ": unexpected phase " + phase.get_name());
}

std::vector<std::string> InterconnectTlm::outstanding() const {
  std::vector<std::string> lines;
  for (InitiatorId id = 0; id < core_.initiators(); ++id) {
    const auto* transaction = masters_[id].waiting;
    if (transaction) lines.push_back(core_.describe(id, burst_of(id, *transaction)));
  }
  return lines;
}

}  // namespace milliwatt::memory
