// SPDX-License-Identifier: Apache-2.0
// Parameters that the kinds of serial memory share, for their schemas.
#pragma once

#include <cstdint>
#include <string>

#include "base/schema.h"

namespace milliwatt::memory {

/// `size`, in bytes.
template <typename Config>
void add_size(base::Schema<Config>& schema, std::int64_t standard) {
  schema.bytes("size", &Config::size)
      .range(1024, std::int64_t{1} << 32)
      .def(standard)
      .doc("Size of the memory.");
}

/// `max_clock`, in hertz, as `source` says.
template <typename Config>
void add_max_clock(base::Schema<Config>& schema, std::int64_t standard, const std::string& source) {
  schema.frequency("max_clock", &Config::max_clock)
      .def(standard)
      .source(source)
      .confidence(base::Confidence::kPublished)
      .doc("Fastest clock of the device.");
}

/// `wrap`, in bytes, as `source` says.
template <typename Config>
void add_wrap(base::Schema<Config>& schema, int least, int most, const std::string& source) {
  schema.integer("wrap", &Config::wrap, base::Unit::kBytes)
      .range(least, most)
      .power_of_two()
      .source(source)
      .confidence(base::Confidence::kPublished)
      .doc("Aligned block at whose end a burst wraps. Absent: linear bursts.");
}

/// `deselect` and `keep_selected`.
template <typename Config>
void add_selection(base::Schema<Config>& schema) {
  schema.cycles("deselect", &Config::deselect)
      .range(0, 64)
      .def(1)
      .assumed(0, 4)
      .doc("Clocks that chip select is high between two openings.");
  schema.boolean("keep_selected", &Config::keep_selected)
      .def(false)
      .doc(
          "Chip select stays low behind a burst, so that one at the next address goes on with "
          "data.");
}

}  // namespace milliwatt::memory
