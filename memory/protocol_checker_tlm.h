// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "base/clock.h"

namespace milliwatt::memory {

/// Watches one hop of the TLM-2.0 base protocol for tests: it sits between an initiator socket and
/// a target socket, passes every call on and keeps a list of what was wrong. It changes no timing.
/// Left out: the contents of DMI descriptors and whether b_transport is called from a thread.
///
/// Checked: order of phases and exclusion of a second request or response; annotated times that
/// never go back, per direction; memory manager, references and a fresh response status at
/// BEGIN_REQ; attributes and data of writes unchanged between request and response; a response
/// status other than INCOMPLETE; and, by finish(), that every transaction ended and was released.
class ProtocolChecker : public sc_core::sc_module {
 public:
  explicit ProtocolChecker(const sc_core::sc_module_name& name);

  tlm_utils::passthrough_target_socket<ProtocolChecker> target;   ///< for the initiator
  tlm_utils::simple_initiator_socket<ProtocolChecker> initiator;  ///< for the target

  /// Call after the simulation, while the transactions' memory managers live.
  void finish();
  const std::vector<std::string>& violations() const { return violations_; }
  /// Transactions that ran from BEGIN_REQ to the end of the response.
  std::uint64_t completed() const { return completed_; }

 private:
  using Payload = tlm::tlm_generic_payload;
  enum class Phase { kRequest, kRequestEnded, kResponse };

  struct Attributes {
    explicit Attributes(const Payload& payload);
    bool operator==(const Attributes& other) const;

    tlm::tlm_command command;
    sc_dt::uint64 address;
    unsigned char* data;
    unsigned length;
    unsigned streaming_width;
    unsigned char* byte_enable;
    unsigned byte_enable_length;
    std::vector<unsigned char> written;  ///< bytes of a write
  };
  struct Flight {
    Attributes attributes;
    Phase phase;
  };

  tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  tlm::tlm_sync_enum nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void b_transport(Payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(Payload& payload);
  bool get_direct_mem_ptr(Payload& payload, tlm::tlm_dmi& dmi);

  void violated(const std::string& rule);
  void request(const Payload& payload);
  void check_fresh(const Payload& payload);
  void end_request(const Payload& payload);
  void response(const Payload& payload);
  void end_response(const Payload& payload);
  void take(const Payload& payload, const tlm::tlm_phase& phase);
  void answered(const Payload& payload, tlm::tlm_sync_enum status, const tlm::tlm_phase& phase);
  void check_answer(const Payload& payload, const Attributes& sent);
  void check_time(base::Picoseconds& latest, const sc_core::sc_time& delay);

  std::map<const Payload*, Flight> flights_;
  std::set<const Payload*> seen_;
  const Payload* requesting_ = nullptr;  ///< between BEGIN_REQ and END_REQ
  const Payload* responding_ = nullptr;  ///< between BEGIN_RESP and END_RESP
  base::Picoseconds latest_forward_ = 0;
  base::Picoseconds latest_backward_ = 0;
  std::vector<std::string> violations_;
  std::uint64_t completed_ = 0;
};

}  // namespace milliwatt::memory
