// SPDX-License-Identifier: Apache-2.0
#include "memory/protocol_checker_tlm.h"

#include <tuple>

#include "memory/kernel.h"

namespace milliwatt::memory {

ProtocolChecker::Attributes::Attributes(const Payload& payload)
    : command{payload.get_command()},
      address{payload.get_address()},
      data{payload.get_data_ptr()},
      length{payload.get_data_length()},
      streaming_width{payload.get_streaming_width()},
      byte_enable{payload.get_byte_enable_ptr()},
      byte_enable_length{payload.get_byte_enable_length()} {
  if (payload.is_write() && data) written.assign(data, data + length);
}

bool ProtocolChecker::Attributes::operator==(const Attributes& other) const {
  const auto key = [](const Attributes& a) {
    return std::tie(a.command, a.address, a.data, a.length, a.streaming_width, a.byte_enable,
                    a.byte_enable_length, a.written);
  };
  return key(*this) == key(other);
}

ProtocolChecker::ProtocolChecker(const sc_core::sc_module_name& name)
    : sc_module{name}, target{"target"}, initiator{"initiator"} {
  target.register_nb_transport_fw(this, &ProtocolChecker::nb_transport_fw);
  target.register_b_transport(this, &ProtocolChecker::b_transport);
  target.register_transport_dbg(this, &ProtocolChecker::transport_dbg);
  target.register_get_direct_mem_ptr(this, &ProtocolChecker::get_direct_mem_ptr);
  initiator.register_nb_transport_bw(this, &ProtocolChecker::nb_transport_bw);
}

void ProtocolChecker::violated(const std::string& rule) {
  violations_.push_back(std::string(name()) + " at " + std::to_string(kernel_now()) +
                        " ps: " + rule);
}

void ProtocolChecker::check_time(base::Picoseconds& latest, const sc_core::sc_time& delay) {
  const base::Picoseconds t = kernel_now() + to_picoseconds(delay);
  if (t < latest) violated("annotated time goes back");
  latest = t;
}

void ProtocolChecker::check_fresh(const Payload& payload) {
  if (payload.get_response_status() != tlm::TLM_INCOMPLETE_RESPONSE) {
    violated("response status is not INCOMPLETE at the request");
  }
  if (!payload.get_data_ptr()) violated("no data pointer");
  if (payload.get_data_length() == 0) violated("no data");
  if (payload.get_streaming_width() == 0) violated("streaming width is zero");
  if (payload.is_dmi_allowed()) violated("DMI hint is set at the request");
}

void ProtocolChecker::request(const Payload& payload) {
  check_fresh(payload);
  if (!payload.has_mm()) violated("no memory manager");
  if (payload.get_ref_count() < 1) violated("request without a reference");
  if (requesting_) violated("BEGIN_REQ before END_REQ of the last request");
  if (flights_.count(&payload) > 0) violated("BEGIN_REQ of a transaction that is under way");
  requesting_ = &payload;
  seen_.insert(&payload);
  flights_.insert_or_assign(&payload, Flight{Attributes{payload}, Phase::kRequest});
}

void ProtocolChecker::end_request(const Payload& payload) {
  const auto flight = flights_.find(&payload);
  if (flight == flights_.end() || flight->second.phase != Phase::kRequest) {
    return violated("END_REQ without BEGIN_REQ");
  }
  flight->second.phase = Phase::kRequestEnded;
  requesting_ = nullptr;
}

void ProtocolChecker::check_answer(const Payload& payload, const Attributes& sent) {
  if (!(Attributes{payload} == sent)) violated("attributes or written data were changed");
  if (payload.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE) {
    violated("response status is INCOMPLETE at the response");
  }
}

void ProtocolChecker::response(const Payload& payload) {
  const auto flight = flights_.find(&payload);
  if (flight == flights_.end() || flight->second.phase == Phase::kResponse) {
    return violated("BEGIN_RESP without a request");
  }
  if (flight->second.phase == Phase::kRequest) end_request(payload);
  if (responding_) violated("BEGIN_RESP before END_RESP of the last response");
  responding_ = &payload;
  flight->second.phase = Phase::kResponse;
  check_answer(payload, flight->second.attributes);
}

void ProtocolChecker::end_response(const Payload& payload) {
  const auto flight = flights_.find(&payload);
  if (flight == flights_.end() || flight->second.phase != Phase::kResponse) {
    return violated("END_RESP without BEGIN_RESP");
  }
  flights_.erase(flight);
  responding_ = nullptr;
  ++completed_;
}

void ProtocolChecker::take(const Payload& payload, const tlm::tlm_phase& phase) {
  if (phase == tlm::BEGIN_REQ) {
    request(payload);
  } else if (phase == tlm::END_REQ) {
    end_request(payload);
  } else if (phase == tlm::BEGIN_RESP) {
    response(payload);
  } else if (phase == tlm::END_RESP) {
    end_response(payload);
  } else {
    violated(std::string("unknown phase ") + phase.get_name());
  }
}

/// Phases that a return value stands for. TLM_COMPLETED ends the transaction from any phase.
void ProtocolChecker::answered(const Payload& payload, tlm::tlm_sync_enum status,
                               const tlm::tlm_phase& phase) {
  if (status == tlm::TLM_UPDATED) return take(payload, phase);
  if (status != tlm::TLM_COMPLETED) return;
  const auto flight = flights_.find(&payload);
  if (flight == flights_.end()) return;  // END_RESP was the call itself
  if (flight->second.phase != Phase::kResponse) response(payload);
  end_response(payload);
}

tlm::tlm_sync_enum ProtocolChecker::nb_transport_fw(Payload& payload, tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
  if (phase != tlm::BEGIN_REQ && phase != tlm::END_RESP) violated("backward phase in forward call");
  check_time(latest_forward_, delay);
  take(payload, phase);
  const auto status = initiator->nb_transport_fw(payload, phase, delay);
  if (status != tlm::TLM_ACCEPTED) check_time(latest_backward_, delay);
  answered(payload, status, phase);
  return status;
}

tlm::tlm_sync_enum ProtocolChecker::nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
  if (phase != tlm::END_REQ && phase != tlm::BEGIN_RESP) violated("forward phase in backward call");
  check_time(latest_backward_, delay);
  take(payload, phase);
  const auto status = target->nb_transport_bw(payload, phase, delay);
  answered(payload, status, phase);
  return status;
}

void ProtocolChecker::b_transport(Payload& payload, sc_core::sc_time& delay) {
  check_fresh(payload);
  const Attributes sent{payload};
  const base::Picoseconds start = kernel_now() + to_picoseconds(delay);
  initiator->b_transport(payload, delay);
  if (kernel_now() + to_picoseconds(delay) < start)
    violated("b_transport returns before its start");
  check_answer(payload, sent);
  ++completed_;
}

unsigned ProtocolChecker::transport_dbg(Payload& payload) {
  const Attributes sent{payload};
  const unsigned moved = initiator->transport_dbg(payload);
  if (!(Attributes{payload} == sent)) violated("debug access changed attributes or written data");
  if (moved > payload.get_data_length()) violated("debug access moved more than was asked");
  return moved;
}

bool ProtocolChecker::get_direct_mem_ptr(Payload& payload, tlm::tlm_dmi& dmi) {
  return initiator->get_direct_mem_ptr(payload, dmi);
}

void ProtocolChecker::finish() {
  for (const auto& [payload, flight] : flights_) {
    violated("transaction at address " + std::to_string(flight.attributes.address) +
             " never ended");
  }
  for (const Payload* payload : seen_) {
    if (payload->get_ref_count() != 0) {
      violated("transaction with " + std::to_string(payload->get_ref_count()) +
               " references at the end");
    }
  }
}

}  // namespace milliwatt::memory
