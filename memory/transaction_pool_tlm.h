// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <tlm>
#include <vector>

#include "memory/burst.h"
#include "memory/tag_tlm.h"

namespace milliwatt::memory {

/// Memory manager for transactions with a tag: they are created when the pool is empty, reused
/// afterwards and destroyed with the pool, which must outlive every reference to them.
class TransactionPool : private tlm::tlm_mm_interface {
 public:
  ~TransactionPool() override;

  /// A transaction for `burst` with `data` (`burst.bytes` of them): every attribute is set, the
  /// response status is INCOMPLETE and the caller holds the only reference.
  tlm::tlm_generic_payload& acquire(const Burst& burst, unsigned char* data);

  /// Transactions that somebody still refers to.
  std::size_t outstanding() const { return all_.size() - free_.size(); }
  /// Transactions ever created.
  std::size_t size() const { return all_.size(); }

 private:
  struct Tagged {
    explicit Tagged(tlm::tlm_mm_interface* pool) : payload{pool} { payload.set_extension(&tag); }
    ~Tagged() { payload.clear_extension(&tag); }

    tlm::tlm_generic_payload payload;
    TagExtension tag;
  };

  void free(tlm::tlm_generic_payload* payload) override;

  std::vector<std::unique_ptr<Tagged>> all_;
  std::vector<tlm::tlm_generic_payload*> free_;
};

}  // namespace milliwatt::memory
