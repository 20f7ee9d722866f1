/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the software kernels that the host runs by MW_CALL: integers only. */
#ifndef MILLIWATT_ABI_KERNEL_ARGS_H
#define MILLIWATT_ABI_KERNEL_ARGS_H

#include "abi/descriptor.h"
#include "abi/layout.h"

enum mw_kernel {
  MW_KERNEL_COPY = 0,
  MW_KERNEL_CONV = 1,
  MW_KERNEL_DEPTHWISE = 2,
  MW_KERNEL_FULLY_CONNECTED = 3,
  MW_KERNEL_AVERAGE_POOL = 4,
  MW_KERNEL_MAX_POOL = 5,
  MW_KERNEL_ADD = 6,
  MW_KERNEL_SOFTMAX = 7
};

/* What one call may be given: bytes of an operand, taps of a depthwise or pooling window (whose
   sums stay in 32 bits), and 2 to the power of elementary steps. */
enum mw_kernel_limit {
  MW_KERNEL_MOST_TAPS = 1 << 15,
  MW_KERNEL_MOST_OPERAND_BYTES = 1 << 28,
  MW_KERNEL_MOST_STEPS_LOG2 = 40
};

typedef struct mw_kernel_args {
  uint32_t kernel;       /* enum mw_kernel */
  uint32_t layer;        /* operator index in the network, for the reports */
  uint32_t bytes_copied; /* COPY */
  /* CONV, DEPTHWISE, pools; FULLY_CONNECTED: batch rows of input_c to output_c, all else 1.
   * SOFTMAX: batch rows of input_c. */
  mw_conv_geometry geometry;
  int32_t groups;           /* CONV */
  int32_t depth_multiplier; /* DEPTHWISE */
  int32_t weight_bits;      /* 8, or 4: two per byte, low nibble first, across the whole tensor */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t clamp_low, clamp_high;
  /* ADD, with broadcasting over four dimensions (1 repeats). */
  int32_t dims_a[4], dims_b[4], dims_output[4];
  int32_t add_left_shift;
  int32_t add_zero_point_a, add_zero_point_b;
  int32_t add_multiplier_a, add_exponent_a;
  int32_t add_multiplier_b, add_exponent_b;
  int32_t add_multiplier, add_exponent;
  /* SOFTMAX */
  int32_t softmax_multiplier, softmax_exponent, softmax_difference_minimum;
  int32_t output_bits; /* 8 or 16 */
  /* Weights as in the network (OHWI, 1HWO, units x depth); a table of mw_channel_parameters with
   * the network's own bias, one row per output channel. */
  mw_ref a, b, parameters, output;
} mw_kernel_args;
MW_LAYOUT(mw_kernel_args, 232);
MW_OFFSET(mw_kernel_args, kernel, 0);
MW_OFFSET(mw_kernel_args, layer, 4);
MW_OFFSET(mw_kernel_args, bytes_copied, 8);
MW_OFFSET(mw_kernel_args, geometry, 12);
MW_OFFSET(mw_kernel_args, groups, 72);
MW_OFFSET(mw_kernel_args, depth_multiplier, 76);
MW_OFFSET(mw_kernel_args, weight_bits, 80);
MW_OFFSET(mw_kernel_args, input_zero_point, 84);
MW_OFFSET(mw_kernel_args, output_zero_point, 88);
MW_OFFSET(mw_kernel_args, clamp_low, 92);
MW_OFFSET(mw_kernel_args, clamp_high, 96);
MW_OFFSET(mw_kernel_args, dims_a, 100);
MW_OFFSET(mw_kernel_args, dims_b, 116);
MW_OFFSET(mw_kernel_args, dims_output, 132);
MW_OFFSET(mw_kernel_args, add_left_shift, 148);
MW_OFFSET(mw_kernel_args, add_zero_point_a, 152);
MW_OFFSET(mw_kernel_args, add_zero_point_b, 156);
MW_OFFSET(mw_kernel_args, add_multiplier_a, 160);
MW_OFFSET(mw_kernel_args, add_exponent_a, 164);
MW_OFFSET(mw_kernel_args, add_multiplier_b, 168);
MW_OFFSET(mw_kernel_args, add_exponent_b, 172);
MW_OFFSET(mw_kernel_args, add_multiplier, 176);
MW_OFFSET(mw_kernel_args, add_exponent, 180);
MW_OFFSET(mw_kernel_args, softmax_multiplier, 184);
MW_OFFSET(mw_kernel_args, softmax_exponent, 188);
MW_OFFSET(mw_kernel_args, softmax_difference_minimum, 192);
MW_OFFSET(mw_kernel_args, output_bits, 196);
MW_OFFSET(mw_kernel_args, a, 200);
MW_OFFSET(mw_kernel_args, b, 208);
MW_OFFSET(mw_kernel_args, parameters, 216);
MW_OFFSET(mw_kernel_args, output, 224);

#endif
