// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/schema.h"
#include "memory/target_core.h"

namespace milliwatt::memory {

struct RegisterConfig {
  std::int64_t size = 4096;  ///< bytes of the window
  base::Cycles latency = 1;  ///< cycles of one access, at least 1
};

base::Schema<RegisterConfig> register_schema();

/// A window of registers: each access takes `latency` cycles of the window's own clock and a
/// further cycle per beat after the first. It counts nothing: the energy of a register access
/// belongs to the component behind the window.
class RegisterCore : public TargetCore {
 public:
  /// Throws UserError when a value is out of range.
  RegisterCore(const RegisterConfig& config, const base::Clock& clock);

  base::Picoseconds serve(base::Picoseconds start, const Burst& burst,
                          std::uint32_t beat_bytes) override;
  std::uint64_t size() const override { return config_.size; }

 private:
  RegisterConfig config_;
  base::Clock clock_;
};

}  // namespace milliwatt::memory
