// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "memory/interconnect.h"
#include "memory/transaction_pool_tlm.h"

namespace milliwatt::memory {

/// The interconnect on TLM-2.0: all time comes from the plain Interconnect, this module carries the
/// transactions. It runs at decision edges only, so that a burst costs at most one activation; a
/// granted transaction is forwarded, answered and returned within that one, its completion time
/// annotated. Each piece of a split burst costs an activation and goes to the target as a
/// transaction of its own; the first error of a piece is the response of the whole. DMI is refused:
/// every initiator may be granted at any time.
///
/// A target must answer within nb_transport_fw(BEGIN_REQ) and add no time: its timing is the
/// TargetCore's. The delay of that call is the time until the burst is done.
class InterconnectTlm : public sc_core::sc_module {
 public:
  using InitiatorSide = tlm_utils::passthrough_target_socket_tagged<InterconnectTlm>;
  using TargetSide = tlm_utils::simple_initiator_socket_tagged<InterconnectTlm>;
  /// Tag of a transaction that carries none.
  using Tagger = std::function<base::Tag(InitiatorId, const Burst&)>;

  /// `core`: with all its initiators and targets; must outlive the module.
  InterconnectTlm(const sc_core::sc_module_name& name, Interconnect& core);

  /// Where the initiator `id` binds its socket.
  InitiatorSide& initiator(InitiatorId id) { return *masters_.at(id).socket; }
  /// What is bound to the socket of target `id`, or to that of one of its further ports.
  TargetSide& target(TargetId id, int port = 0) { return *targets_.at(id).at(port); }
  void set_tagger(Tagger tagger) { tagger_ = std::move(tagger); }

  Interconnect& core() { return core_; }
  /// How often the kernel has run this module.
  std::uint64_t activations() const { return activations_; }
  /// One line per burst that waits for its grant, for the report of a stuck simulation.
  std::vector<std::string> outstanding() const;

 private:
  struct Master {
    std::unique_ptr<InitiatorSide> socket;
    tlm::tlm_generic_payload* waiting = nullptr;     ///< offered, not granted
    tlm::tlm_generic_payload* responding = nullptr;  ///< END_RESP has yet to come
    /// Of the pieces so far.
    tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
    bool blocking = false;                        ///< `waiting` belongs to a b_transport
    std::unique_ptr<sc_core::sc_event> answered;  ///< of a b_transport
    std::unique_ptr<sc_core::sc_event> freed;     ///< the next b_transport may offer
  };

  tlm::tlm_sync_enum nb_transport_fw(int id, tlm::tlm_generic_payload& transaction,
                                     tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void b_transport(int id, tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  unsigned transport_dbg(int id, tlm::tlm_generic_payload& transaction);
  bool get_direct_mem_ptr(int id, tlm::tlm_generic_payload& transaction, tlm::tlm_dmi& dmi);
  tlm::tlm_sync_enum nb_transport_bw(int id, tlm::tlm_generic_payload& transaction,
                                     tlm::tlm_phase& phase, sc_core::sc_time& delay);

  void decide();
  void schedule();
  void carry(const Interconnect::Grant& grant);
  void forward(const Interconnect::Grant& grant, tlm::tlm_generic_payload& transaction);
  /// The same for a part of the transaction.
  void forward_piece(const Interconnect::Grant& grant, tlm::tlm_generic_payload& transaction);
  void respond(const Interconnect::Grant& grant, tlm::tlm_generic_payload& transaction);
  void offer(InitiatorId id, base::Picoseconds t, tlm::tlm_generic_payload& transaction);
  Burst burst_of(InitiatorId id, const tlm::tlm_generic_payload& transaction) const;
  /// TLM_INCOMPLETE_RESPONSE when the transaction can be offered.
  tlm::tlm_response_status fault_of(const tlm::tlm_generic_payload& transaction) const;

  Interconnect& core_;
  std::vector<Master> masters_;
  std::vector<std::vector<std::unique_ptr<TargetSide>>> targets_;  ///< and their ports
  Tagger tagger_;
  sc_core::sc_event decision_;
  std::vector<Interconnect::Grant> grants_;
  /// For pieces, and in place of transactions of b_transport, which have no manager.
  TransactionPool pool_;
  std::uint64_t activations_ = 0;
};

}  // namespace milliwatt::memory
