// SPDX-License-Identifier: Apache-2.0
// The rows of a SCALE-Sim topology file, read and checked one by one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"

namespace milliwatt::workloads {

/// One row of a topology: a convolution, or the product of an M x K and a K x N matrix. Extents are
/// at least 1 but for the pads, which a file may leave out.
struct TopologyRow {
  std::string name;
  base::Place place;

  std::int32_t ifmap_h = 0;
  std::int32_t ifmap_w = 0;
  std::int32_t filter_h = 0;
  std::int32_t filter_w = 0;
  std::int32_t channels = 0;
  std::int32_t filters = 0;
  std::int32_t stride_h = 0;
  std::int32_t stride_w = 0;
  std::int32_t pad_h = 0;  ///< rows above and rows below
  std::int32_t pad_w = 0;  ///< columns on the left and on the right

  std::int32_t m = 0;
  std::int32_t n = 0;
  std::int32_t k = 0;

  /// Extents of the ifmap with its pads.
  std::int32_t padded_h() const { return ifmap_h + 2 * pad_h; }
  std::int32_t padded_w() const { return ifmap_w + 2 * pad_w; }
};

struct Topology {
  bool gemm = false;      ///< rows have m, n and k instead of all others
  bool has_pads = false;  ///< the file has columns for them
  std::vector<TopologyRow> rows;
};

/// Columns are known by their letters and digits, whatever their case, spacing and order. Adds one
/// message per fault; rows with one are left out. Throws UserError where the text is no table.
Topology read_topology_rows(std::string_view text, const std::string& name,
                            base::Diagnostics& faults);

}  // namespace milliwatt::workloads
