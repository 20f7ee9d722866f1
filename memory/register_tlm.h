// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/passthrough_target_socket.h>

#include <cstdint>
#include <functional>
#include <systemc>
#include <tlm>

#include "base/clock.h"
#include "memory/target_core.h"

namespace milliwatt::memory {

/// A window of 32-bit little-endian registers behind a TLM-2.0 socket. What they do is the owner's,
/// through two callbacks; their time is the RegisterCore's. Accesses are aligned words; anything
/// else answers TLM_BURST_ERROR_RESPONSE. Debug access moves nothing, for a read may have effects.
class RegisterTlm : public sc_core::sc_module {
 public:
  /// `t`: the time at which the initiator has its response; kernel time is that of the grant.
  using Read = std::function<std::uint32_t(std::uint64_t offset, base::Picoseconds t)>;
  using Write = std::function<void(std::uint64_t offset, std::uint32_t value, base::Picoseconds t)>;

  RegisterTlm(const sc_core::sc_module_name& name, const TargetCore& core, Read read, Write write);

  tlm_utils::passthrough_target_socket<RegisterTlm> socket;

 private:
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& transaction, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  void access(tlm::tlm_generic_payload& transaction, base::Picoseconds t);

  std::uint64_t size_;
  Read read_;
  Write write_;
};

}  // namespace milliwatt::memory
