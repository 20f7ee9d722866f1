// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm>

#include "base/traffic.h"

namespace milliwatt::memory {

/// Layer and tensor class of a transaction. Whoever creates transactions may leave it out; the
/// interconnect then asks its tagger.
struct TagExtension : tlm::tlm_extension<TagExtension> {
  TagExtension() = default;
  explicit TagExtension(const base::Tag& value) : tag{value} {}

  tlm::tlm_extension_base* clone() const override { return new TagExtension(tag); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    tag = static_cast<const TagExtension&>(other).tag;
  }

  base::Tag tag;
};

}  // namespace milliwatt::memory
