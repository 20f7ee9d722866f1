// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/passthrough_target_socket.h>

#include <cstdint>
#include <systemc>
#include <tlm>
#include <vector>

namespace milliwatt::shell {

/// An engine's buffer as memory on the bus: bytes at offset 0 upwards. Its time is that of the
/// TargetCore that the system declares for it; this module moves bytes at the moment of the call.
/// Nothing arbitrates between the bus and the engine's own units: the memory plan hands the buffer
/// over only while no step uses it.
class WindowTlm : public sc_core::sc_module {
 public:
  /// `bytes` outlives the module.
  WindowTlm(const sc_core::sc_module_name& name, std::vector<std::uint8_t>& bytes);

  std::uint64_t size() const { return bytes_.size(); }
  /// Bytes moved by timed transactions.
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }

  tlm_utils::passthrough_target_socket<WindowTlm> socket;

 private:
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& transaction, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& transaction);

  bool move(tlm::tlm_generic_payload& transaction);
  void access(tlm::tlm_generic_payload& transaction);

  std::vector<std::uint8_t>& bytes_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace milliwatt::shell
