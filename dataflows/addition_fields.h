// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workloads/quantization.h"

namespace milliwatt::dataflows {

/// Sets the fields of a structure of abi/ that describes an addition (mw_vector_descriptor).
template <typename Fields>
void set_addition(Fields& fields, const workloads::AddParameters& p) {
  fields.clamp_low = p.clamp.low;
  fields.clamp_high = p.clamp.high;
  fields.add_left_shift = p.left_shift;
  fields.add_zero_point_a = p.zero_point_a;
  fields.add_zero_point_b = p.zero_point_b;
  fields.add_multiplier_a = p.multiplier_a.mantissa;
  fields.add_exponent_a = p.multiplier_a.exponent;
  fields.add_multiplier_b = p.multiplier_b.mantissa;
  fields.add_exponent_b = p.multiplier_b.exponent;
  fields.add_multiplier = p.multiplier_output.mantissa;
  fields.add_exponent = p.multiplier_output.exponent;
}

}  // namespace milliwatt::dataflows
