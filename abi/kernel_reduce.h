/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the kernels that make an image smaller or larger: sums, means and maxima over
 * dimensions, and resizing. */
#ifndef MILLIWATT_ABI_KERNEL_REDUCE_H
#define MILLIWATT_ABI_KERNEL_REDUCE_H

#include "abi/kernel_call.h"

/* REDUCE_SUM, REDUCE_MAX: operands input (1s in front of its dimensions), output with the
 * dimensions of `reduced` at 1. A sum gives clamp(R(sum of x - zi) + zo); a mean is a sum
 * whose multiplier divides. A maximum is copied as it is. */
typedef struct mw_reduce_section {
  int32_t extents[MW_KERNEL_MOST_DIMENSIONS];
  uint32_t reduced; /* bit d: dimension d */
  int32_t input_zero_point, output_zero_point;
  mw_multiplier output;
  int32_t clamp_low, clamp_high;
  int32_t reserved;
} mw_reduce_section;
MW_LAYOUT(mw_reduce_section, 56);
MW_OFFSET(mw_reduce_section, extents, 0);
MW_OFFSET(mw_reduce_section, reduced, 24);
MW_OFFSET(mw_reduce_section, input_zero_point, 28);
MW_OFFSET(mw_reduce_section, output_zero_point, 32);
MW_OFFSET(mw_reduce_section, output, 36);
MW_OFFSET(mw_reduce_section, clamp_low, 44);
MW_OFFSET(mw_reduce_section, clamp_high, 48);
MW_OFFSET(mw_reduce_section, reserved, 52);

/* RESIZE_NEAREST, RESIZE_BILINEAR: operands input NHWC, output NHWC. */
typedef struct mw_resize_section {
  int32_t batch;
  int32_t input_h, input_w;
  int32_t output_h, output_w;
  int32_t channels;
  int32_t align_corners;      /* 0 or 1: the corner pixels of both images coincide */
  int32_t half_pixel_centers; /* 0 or 1: pixels are seen as areas, not as points */
} mw_resize_section;
MW_LAYOUT(mw_resize_section, 32);
MW_OFFSET(mw_resize_section, batch, 0);
MW_OFFSET(mw_resize_section, input_h, 4);
MW_OFFSET(mw_resize_section, input_w, 8);
MW_OFFSET(mw_resize_section, output_h, 12);
MW_OFFSET(mw_resize_section, output_w, 16);
MW_OFFSET(mw_resize_section, channels, 20);
MW_OFFSET(mw_resize_section, align_corners, 24);
MW_OFFSET(mw_resize_section, half_pixel_centers, 28);

#endif
