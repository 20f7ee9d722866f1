// SPDX-License-Identifier: Apache-2.0
#include "memory/transaction_pool_tlm.h"

namespace milliwatt::memory {

TransactionPool::~TransactionPool() = default;

tlm::tlm_generic_payload& TransactionPool::acquire(const Burst& burst, unsigned char* data) {
  if (free_.empty()) {
    all_.push_back(std::make_unique<Tagged>(static_cast<tlm::tlm_mm_interface*>(this)));
    free_.push_back(&all_.back()->payload);
  }
  tlm::tlm_generic_payload& payload = *free_.back();
  free_.pop_back();
  payload.set_command(burst.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(burst.address);
  payload.set_data_ptr(data);
  payload.set_data_length(burst.bytes);
  payload.set_streaming_width(burst.bytes);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_byte_enable_length(0);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  payload.get_extension<TagExtension>()->tag = burst.tag;
  payload.acquire();
  return payload;
}

void TransactionPool::free(tlm::tlm_generic_payload* payload) {
  payload->reset();
  free_.push_back(payload);
}

}  // namespace milliwatt::memory
