// SPDX-License-Identifier: Apache-2.0
#include "memory/memory_tlm.h"

#include <cstring>
#include <string>

#include "base/error.h"

namespace milliwatt::memory {

MemoryTlm::MemoryTlm(const sc_core::sc_module_name& name, const TargetCore& core)
    : sc_module{name},
      socket{"socket"},
      size_{core.size()},
      bytes_{static_cast<unsigned char*>(std::calloc(size_, 1))} {
  if (!bytes_) {
    throw base::SimulationError(std::string(this->name()) + ": no memory for " +
                                std::to_string(size_) + " bytes");
  }
  serve(socket);
  for (int i = 1; i < core.ports(); ++i) {
    further_ports_.push_back(std::make_unique<Socket>(("socket" + std::to_string(i)).c_str()));
    serve(*further_ports_.back());
  }
}

void MemoryTlm::serve(Socket& side) {
  side.register_nb_transport_fw(this, &MemoryTlm::nb_transport_fw);
  side.register_b_transport(this, &MemoryTlm::b_transport);
  side.register_transport_dbg(this, &MemoryTlm::transport_dbg);
  side.register_get_direct_mem_ptr(this, &MemoryTlm::get_direct_mem_ptr);
}

bool MemoryTlm::holds(std::uint64_t address, std::uint64_t bytes) const {
  return address <= size_ && bytes <= size_ - address;
}

void MemoryTlm::peek(std::uint64_t address, void* data, std::uint64_t bytes) const {
  if (!holds(address, bytes)) {
    throw base::SimulationError(std::string(name()) + ": peek beyond the end");
  }
  if (bytes > 0) std::memcpy(data, bytes_.get() + address, bytes);
}

void MemoryTlm::poke(std::uint64_t address, const void* data, std::uint64_t bytes) {
  if (!holds(address, bytes)) {
    throw base::SimulationError(std::string(name()) + ": poke beyond the end");
  }
  if (bytes > 0) std::memcpy(bytes_.get() + address, data, bytes);
}

void MemoryTlm::move(tlm::tlm_generic_payload& transaction) {
  const std::uint64_t length = transaction.get_data_length();
  if (!holds(transaction.get_address(), length)) {
    transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  if (transaction.is_write()) {
    poke(transaction.get_address(), transaction.get_data_ptr(), length);
    bytes_written_ += length;
  } else {
    peek(transaction.get_address(), transaction.get_data_ptr(), length);
    bytes_read_ += length;
  }
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
}

tlm::tlm_sync_enum MemoryTlm::nb_transport_fw(tlm::tlm_generic_payload& transaction,
                                              tlm::tlm_phase& phase, sc_core::sc_time& /*delay*/) {
  if (phase == tlm::END_RESP) return tlm::TLM_COMPLETED;
  if (phase != tlm::BEGIN_REQ) {
    throw base::InternalError(std::string(name()) + ": unexpected phase " + phase.get_name());
  }
  move(transaction);
  phase = tlm::BEGIN_RESP;
  return tlm::TLM_UPDATED;
}

void MemoryTlm::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& /*delay*/) {
  move(transaction);
}

unsigned MemoryTlm::transport_dbg(tlm::tlm_generic_payload& transaction) {
  const std::uint64_t address = transaction.get_address();
  const unsigned length = transaction.get_data_length();
  if (!holds(address, length)) {
    transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return 0;
  }
  if (transaction.is_write()) {
    poke(address, transaction.get_data_ptr(), length);
  } else if (transaction.is_read()) {
    peek(address, transaction.get_data_ptr(), length);
  }
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
  return length;
}

bool MemoryTlm::get_direct_mem_ptr(tlm::tlm_generic_payload& /*transaction*/, tlm::tlm_dmi& dmi) {
  dmi.init();
  dmi.allow_none();
  return false;
}

}  // namespace milliwatt::memory
