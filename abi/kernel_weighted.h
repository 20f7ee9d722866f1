/* SPDX-License-Identifier: Apache-2.0 */
/* Section of the kernels with weights and a requantization table: CONV, DEPTHWISE and
 * FULLY_CONNECTED. */
#ifndef MILLIWATT_ABI_KERNEL_WEIGHTED_H
#define MILLIWATT_ABI_KERNEL_WEIGHTED_H

#include "abi/descriptor.h"
#include "abi/kernel_call.h"

/* A row of the table of outputs of 16 bits: their accumulators have more than 32 bits. */
typedef struct mw_wide_channel_parameters {
  int64_t bias;
  int32_t multiplier;
  int32_t exponent;
} mw_wide_channel_parameters;
MW_LAYOUT(mw_wide_channel_parameters, 16);
MW_OFFSET(mw_wide_channel_parameters, bias, 0);
MW_OFFSET(mw_wide_channel_parameters, multiplier, 8);
MW_OFFSET(mw_wide_channel_parameters, exponent, 12);

/* Operands {input, weights, table, output}. Weights as in the network (OHWI, 1HWO, units x depth)
 * in 2 to 8 bits; the table has a row per output channel with the network's own bias:
 * mw_wide_channel_parameters for outputs of 16 bits, else mw_channel_parameters. */
typedef struct mw_weighted_section {
  /* FULLY_CONNECTED: batch rows of input_c to output_c, all else 1. */
  mw_conv_geometry geometry;
  int32_t groups;           /* CONV */
  int32_t depth_multiplier; /* DEPTHWISE: output channel = channel * multiplier + m */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t clamp_low, clamp_high;
  int32_t reserved;
} mw_weighted_section;
MW_LAYOUT(mw_weighted_section, 88);
MW_OFFSET(mw_weighted_section, geometry, 0);
MW_OFFSET(mw_weighted_section, groups, 60);
MW_OFFSET(mw_weighted_section, depth_multiplier, 64);
MW_OFFSET(mw_weighted_section, input_zero_point, 68);
MW_OFFSET(mw_weighted_section, output_zero_point, 72);
MW_OFFSET(mw_weighted_section, clamp_low, 76);
MW_OFFSET(mw_weighted_section, clamp_high, 80);
MW_OFFSET(mw_weighted_section, reserved, 84);

#endif
