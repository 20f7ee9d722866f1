// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/points.h"

namespace milliwatt::sim {

/// Refuses a sweep that asks for what can never be, before it starts: a network that cannot be
/// read, a platform whose keys are at fault at every point, a varied key or value that is at fault
/// at every point. Throws UserError with all of them. What keys ask of each other, prices, and
/// whether networks fit are left to the points.
void check_space(const PointSpace& space);

}  // namespace milliwatt::sim
