// SPDX-License-Identifier: Apache-2.0
#include "shell/window_tlm.h"

#include <cstring>
#include <string>

#include "base/error.h"

namespace milliwatt::shell {

WindowTlm::WindowTlm(const sc_core::sc_module_name& name, std::vector<std::uint8_t>& bytes)
    : sc_module{name}, socket{"socket"}, bytes_{bytes} {
  socket.register_nb_transport_fw(this, &WindowTlm::nb_transport_fw);
  socket.register_b_transport(this, &WindowTlm::b_transport);
  socket.register_transport_dbg(this, &WindowTlm::transport_dbg);
}

/// False when the transaction leaves the window.
bool WindowTlm::move(tlm::tlm_generic_payload& transaction) {
  const std::uint64_t address = transaction.get_address();
  const unsigned length = transaction.get_data_length();
  if (address > bytes_.size() || length > bytes_.size() - address) {
    return false;
  }
  std::uint8_t* place = bytes_.data() + address;
  if (transaction.is_write()) {
    std::memcpy(place, transaction.get_data_ptr(), length);
  } else {
    std::memcpy(transaction.get_data_ptr(), place, length);
  }
  return true;
}

void WindowTlm::access(tlm::tlm_generic_payload& transaction) {
  const bool good = move(transaction);
  transaction.set_response_status(good ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
  if (good) {
    (transaction.is_write() ? bytes_written_ : bytes_read_) += transaction.get_data_length();
  }
}

tlm::tlm_sync_enum WindowTlm::nb_transport_fw(tlm::tlm_generic_payload& transaction,
                                              tlm::tlm_phase& phase, sc_core::sc_time&) {
  if (phase == tlm::END_RESP) {
    return tlm::TLM_COMPLETED;
  }
  if (phase != tlm::BEGIN_REQ) {
    throw base::InternalError(std::string(name()) + ": unexpected phase " + phase.get_name());
  }
  access(transaction);
  phase = tlm::BEGIN_RESP;
  return tlm::TLM_UPDATED;
}

void WindowTlm::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time&) {
  access(transaction);
}

unsigned WindowTlm::transport_dbg(tlm::tlm_generic_payload& transaction) {
  return move(transaction) ? transaction.get_data_length() : 0;
}

}  // namespace milliwatt::shell
