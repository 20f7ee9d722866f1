// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "memory/burst.h"

namespace milliwatt::memory {

/// Which of the times that a burst may take a core answers with. They differ in a core whose answer
/// depends on more than the burst: on those before it, on others in service, on the phase of a
/// refresh.
enum class Case : std::uint8_t {
  kActual,  ///< what happens
  kBest,    ///< no later than kActual after any history; not earlier when the burst starts later
  kWorst,   ///< no earlier than kActual after any history, with nobody else in service
};

/// When a bus target answers. Plain, resumable, and without values: the same object serves the TLM
/// module and the estimate. Bursts arrive one after the other, in the order of their grants.
class TargetCore {
 public:
  virtual ~TargetCore() = default;

  /// The burst is granted at bus time `start`; returns when its last beat has passed (>= start).
  /// `burst.address` counts from the target's base. `beat_bytes`: width of the link. Counts the
  /// accesses. The link itself adds that every beat takes one of its cycles.
  virtual base::Picoseconds serve(base::Picoseconds start, const Burst& burst,
                                  std::uint32_t beat_bytes) = 0;
  /// Size of the address range in bytes.
  virtual std::uint64_t size() const = 0;
  /// Bursts that may be in service at once; the interconnect gives the target as many links.
  virtual int ports() const { return 1; }
  /// False when a write to it is an error.
  virtual bool writable() const { return true; }
  /// True when kBest or kWorst may differ from kActual.
  virtual bool has_history() const { return false; }

  /// Answers from now on with times, and counts, of this case. The estimate walks the ends of an
  /// interval in kBest and kWorst.
  void assume(Case assumed) { case_ = assumed; }
  Case assumed() const { return case_; }

 private:
  Case case_ = Case::kActual;
};

}  // namespace milliwatt::memory
