// SPDX-License-Identifier: Apache-2.0
#include "memory/register_tlm.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "memory/kernel.h"

namespace milliwatt::memory {
namespace {

constexpr unsigned kWord = 4;

std::uint32_t load(const unsigned char* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

void store(std::uint32_t value, unsigned char* bytes) {
  for (unsigned i = 0; i < kWord; ++i) bytes[i] = static_cast<unsigned char>(value >> (8 * i));
}

}  // namespace

RegisterTlm::RegisterTlm(const sc_core::sc_module_name& name, const TargetCore& core, Read read,
                         Write write)
    : sc_module{name},
      socket{"socket"},
      size_{core.size()},
      read_{std::move(read)},
      write_{std::move(write)} {
  socket.register_nb_transport_fw(this, &RegisterTlm::nb_transport_fw);
  socket.register_b_transport(this, &RegisterTlm::b_transport);
}

void RegisterTlm::access(tlm::tlm_generic_payload& transaction, base::Picoseconds t) {
  const std::uint64_t address = transaction.get_address();
  const unsigned length = transaction.get_data_length();
  if (address % kWord != 0 || length % kWord != 0) {
    transaction.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return;
  }
  if (address > size_ || length > size_ - address) {
    transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  for (unsigned i = 0; i < length; i += kWord) {
    unsigned char* bytes = transaction.get_data_ptr() + i;
    if (transaction.is_write()) {
      write_(address + i, load(bytes), t);
    } else {
      store(read_(address + i, t), bytes);
    }
  }
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
}

tlm::tlm_sync_enum RegisterTlm::nb_transport_fw(tlm::tlm_generic_payload& transaction,
                                                tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == tlm::END_RESP) return tlm::TLM_COMPLETED;
  if (phase != tlm::BEGIN_REQ) {
    throw base::InternalError(std::string(name()) + ": unexpected phase " + phase.get_name());
  }
  access(transaction, kernel_now() + to_picoseconds(delay));
  phase = tlm::BEGIN_RESP;
  return tlm::TLM_UPDATED;
}

void RegisterTlm::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) {
  access(transaction, kernel_now() + to_picoseconds(delay));
}

}  // namespace milliwatt::memory
