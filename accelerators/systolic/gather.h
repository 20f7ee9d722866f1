// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "dataflows/conv_geometry.h"
#include "dataflows/systolic_mapping.h"

namespace milliwatt::systolic {

/// What the address generator of the input buffer fetches for a fold: for each of its pixels, the
/// fold's taps in order. `ifmap` is the fold's region of the image, packed elements of `bits`, all
/// channels; taps outside the image give `zero_point`. The result is [pixels][stream_pitch(taps)],
/// padded with 0.
void gather_streams(const dataflows::ConvGeometry& geometry, const dataflows::Fold& fold,
                    std::int32_t zero_point, const std::uint8_t* ifmap, int bits,
                    std::vector<std::int8_t>& streams);

}  // namespace milliwatt::systolic
