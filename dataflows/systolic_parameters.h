// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/schema.h"
#include "dataflows/systolic_mapping.h"

namespace milliwatt::dataflows {

/// The parameters of a mapping as a user gives them; those that are absent are chosen.
struct SystolicParameters {
  SystolicParameters() = default;
  explicit SystolicParameters(const SystolicMapping& mapping);

  /// `mapping` with the parameters that are given.
  SystolicMapping applied_to(SystolicMapping mapping) const;

  std::optional<std::int32_t> tile_h, tile_w;
  std::optional<bool> pixel_tiles_outer, weights_per_fold;
  std::optional<std::int32_t> filter_tile, fold_taps;
};

base::Schema<SystolicParameters> systolic_parameter_schema();

}  // namespace milliwatt::dataflows
