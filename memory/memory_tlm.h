// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/passthrough_target_socket.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "memory/target_core.h"

namespace milliwatt::memory {

/// The bytes of a memory behind TLM-2.0 sockets, one per port; addresses count from its first byte,
/// contents begin as zero. Time and action counts are its TargetCore's, which the interconnect
/// asks: this module moves bytes at the moment of the call and adds no time.
class MemoryTlm : public sc_core::sc_module {
 public:
  /// `core` gives the size and the number of ports.
  MemoryTlm(const sc_core::sc_module_name& name, const TargetCore& core);

  /// Reads or writes contents without time and without counting. Throws SimulationError beyond the
  /// end.
  void peek(std::uint64_t address, void* data, std::uint64_t bytes) const;
  void poke(std::uint64_t address, const void* data, std::uint64_t bytes);

  std::uint64_t size() const { return size_; }
  /// Bytes moved by timed transactions.
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }

  using Socket = tlm_utils::passthrough_target_socket<MemoryTlm>;
  /// 0: `socket`.
  Socket& port(int i) {
    return i == 0 ? socket : *further_ports_.at(static_cast<std::size_t>(i) - 1);
  }

  Socket socket;

 private:
  struct Free {
    void operator()(unsigned char* bytes) const { std::free(bytes); }
  };

  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& transaction, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& transaction);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& transaction, tlm::tlm_dmi& dmi);

  void serve(Socket& side);
  bool holds(std::uint64_t address, std::uint64_t bytes) const;
  void move(tlm::tlm_generic_payload& transaction);

  std::vector<std::unique_ptr<Socket>> further_ports_;
  std::uint64_t size_;
  std::unique_ptr<unsigned char, Free> bytes_;  ///< pages that are never touched cost nothing
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace milliwatt::memory
