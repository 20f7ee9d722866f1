// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataflows/schedule.h"

namespace milliwatt::shell {

/// The bursts of a transfer, in order: rows that touch are one run; a run is cut into bursts of at
/// most `max_bytes` that cross no multiple of it. Together they move the rows' bytes as the slot
/// holds them, packed.
class BurstWalk {
 public:
  BurstWalk() = default;
  /// `max_bytes`: a power of two. The transfer's length is taken as fixed.
  BurstWalk(const dataflows::Transfer& transfer, std::uint32_t max_bytes)
      : transfer_{transfer},
        rows_{transfer.row_bytes == 0 ? 0 : std::uint64_t{transfer.rows} * transfer.planes},
        max_bytes_{max_bytes} {}

  struct Piece {
    std::uint64_t address = 0;
    std::uint32_t bytes = 0;
  };
  /// The next burst; false when there is none.
  bool next(Piece& piece);

 private:
  std::uint64_t row_address(std::uint64_t row) const {
    return transfer_.address + row / transfer_.rows * transfer_.plane_stride +
           row % transfer_.rows * transfer_.row_stride;
  }
  void open_run();

  dataflows::Transfer transfer_;
  std::uint64_t rows_ = 0;  ///< of all planes
  std::uint64_t row_ = 0;   ///< first row that no run has taken yet
  std::uint64_t address_ = 0;
  std::uint64_t left_ = 0;  ///< bytes of the run
  std::uint32_t max_bytes_ = 1;
};

}  // namespace milliwatt::shell
