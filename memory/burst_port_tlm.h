// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <systemc>
#include <tlm>

#include "base/clock.h"
#include "memory/burst.h"
#include "memory/transaction_pool_tlm.h"

namespace milliwatt::memory {

/// An initiator's end of the bus: makes one base-protocol transaction of a burst and calls back
/// with the response. One burst may be outstanding. It has no process of its own and adds no time.
class BurstPort : public sc_core::sc_module, private tlm::tlm_bw_transport_if<> {
 public:
  /// `done`: annotated completion time, not before the kernel's time. Data that were read are in
  /// the buffer. The next burst may be issued from within, from `done` on.
  using OnResponse = std::function<void(base::Picoseconds done)>;

  explicit BurstPort(const sc_core::sc_module_name& name);

  void on_response(OnResponse callback) { on_response_ = std::move(callback); }

  /// Offers `burst` at `offer_time` (not before the kernel's time). `data`: at least burst.bytes
  /// bytes that live until the response; those of a write must be there now. Throws
  /// SimulationError naming port, address and length when the response is an error.
  void issue(base::Picoseconds offer_time, const Burst& burst, unsigned char* data);

  bool busy() const { return outstanding_ != nullptr; }
  /// Bytes of answered bursts.
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  const TransactionPool& pool() const { return pool_; }

  tlm::tlm_initiator_socket<> socket;

 private:
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& transaction, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) override;

  void finish(base::Picoseconds done);
  std::string describe(const tlm::tlm_generic_payload& transaction) const;

  TransactionPool pool_;
  tlm::tlm_generic_payload* outstanding_ = nullptr;
  OnResponse on_response_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace milliwatt::memory
