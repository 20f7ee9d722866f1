/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the kernels that map elements or windows without weights. Elements have 2 to 8 or 16
 * bits. Operands are {input, output}, or {a, b, output} where two inputs broadcast. R is the
 * requantization of workloads/quantization.h. */
#ifndef MILLIWATT_ABI_KERNEL_ELEMENTWISE_H
#define MILLIWATT_ABI_KERNEL_ELEMENTWISE_H

#include "abi/descriptor.h"
#include "abi/kernel_call.h"

/* AVERAGE_POOL, MAX_POOL: input and output have the same elements. */
typedef struct mw_pool_section {
  mw_conv_geometry geometry;
  int32_t clamp_low, clamp_high;
  int32_t reserved;
} mw_pool_section;
MW_LAYOUT(mw_pool_section, 72);
MW_OFFSET(mw_pool_section, geometry, 0);
MW_OFFSET(mw_pool_section, clamp_low, 60);
MW_OFFSET(mw_pool_section, clamp_high, 64);
MW_OFFSET(mw_pool_section, reserved, 68);

/* Extents of two inputs and what they broadcast to: an extent of 1 repeats. */
typedef struct mw_broadcast {
  int32_t a[MW_KERNEL_MOST_DIMENSIONS];
  int32_t b[MW_KERNEL_MOST_DIMENSIONS];
  int32_t output[MW_KERNEL_MOST_DIMENSIONS];
} mw_broadcast;
MW_LAYOUT(mw_broadcast, 72);
MW_OFFSET(mw_broadcast, a, 0);
MW_OFFSET(mw_broadcast, b, 24);
MW_OFFSET(mw_broadcast, output, 48);

/* ADD, and SUB with a minus in the middle: y = clamp(R(R((a - za) << left_shift) +
 * R((b - zb) << left_shift)) + zo). */
typedef struct mw_addition_section {
  mw_broadcast dims;
  int32_t left_shift;
  int32_t zero_point_a, zero_point_b;
  int32_t output_zero_point;
  mw_multiplier a, b, output;
  int32_t clamp_low, clamp_high;
} mw_addition_section;
MW_LAYOUT(mw_addition_section, 120);
MW_OFFSET(mw_addition_section, dims, 0);
MW_OFFSET(mw_addition_section, left_shift, 72);
MW_OFFSET(mw_addition_section, zero_point_a, 76);
MW_OFFSET(mw_addition_section, zero_point_b, 80);
MW_OFFSET(mw_addition_section, output_zero_point, 84);
MW_OFFSET(mw_addition_section, a, 88);
MW_OFFSET(mw_addition_section, b, 96);
MW_OFFSET(mw_addition_section, output, 104);
MW_OFFSET(mw_addition_section, clamp_low, 112);
MW_OFFSET(mw_addition_section, clamp_high, 116);

/* MUL: y = clamp(R((a - za) * (b - zb)) + zo). MAXIMUM and MINIMUM use the dims only. */
typedef struct mw_product_section {
  mw_broadcast dims;
  int32_t zero_point_a, zero_point_b;
  int32_t output_zero_point;
  mw_multiplier output;
  int32_t clamp_low, clamp_high;
  int32_t reserved;
} mw_product_section;
MW_LAYOUT(mw_product_section, 104);
MW_OFFSET(mw_product_section, dims, 0);
MW_OFFSET(mw_product_section, zero_point_a, 72);
MW_OFFSET(mw_product_section, zero_point_b, 76);
MW_OFFSET(mw_product_section, output_zero_point, 80);
MW_OFFSET(mw_product_section, output, 84);
MW_OFFSET(mw_product_section, clamp_low, 92);
MW_OFFSET(mw_product_section, clamp_high, 96);
MW_OFFSET(mw_product_section, reserved, 100);

/* RESCALE: y = clamp(R(x - zi, positive) + zo); outputs may have 32 bits. LEAKY_RELU: the same,
 * with `negative` where x < zi. */
typedef struct mw_rescale_section {
  int32_t elements;
  int32_t input_zero_point, output_zero_point;
  mw_multiplier positive, negative;
  int32_t clamp_low, clamp_high;
  int32_t reserved;
} mw_rescale_section;
MW_LAYOUT(mw_rescale_section, 40);
MW_OFFSET(mw_rescale_section, elements, 0);
MW_OFFSET(mw_rescale_section, input_zero_point, 4);
MW_OFFSET(mw_rescale_section, output_zero_point, 8);
MW_OFFSET(mw_rescale_section, positive, 12);
MW_OFFSET(mw_rescale_section, negative, 20);
MW_OFFSET(mw_rescale_section, clamp_low, 28);
MW_OFFSET(mw_rescale_section, clamp_high, 32);
MW_OFFSET(mw_rescale_section, reserved, 36);

/* HARD_SWISH of 8 bits: two factors of 16 bits, each mantissa * 2^(exponent - 15), on
 * (x - zi) << 7: one to the output's scale, one to 3 / 2^15 where the gate saturates. */
typedef struct mw_hard_swish_section {
  int32_t elements;
  int32_t input_zero_point, output_zero_point;
  mw_multiplier output, gate;
  int32_t reserved;
} mw_hard_swish_section;
MW_LAYOUT(mw_hard_swish_section, 32);
MW_OFFSET(mw_hard_swish_section, elements, 0);
MW_OFFSET(mw_hard_swish_section, input_zero_point, 4);
MW_OFFSET(mw_hard_swish_section, output_zero_point, 8);
MW_OFFSET(mw_hard_swish_section, output, 12);
MW_OFFSET(mw_hard_swish_section, gate, 20);
MW_OFFSET(mw_hard_swish_section, reserved, 28);

/* LOGISTIC and TANH. 8 bits: R(x - zi) is a Q4.27, and |x - zi| >= radius saturates. 16 bits:
 * (x * table_factor + half) >> table_shift indexes the sigmoid table. */
typedef struct mw_sigmoid_section {
  int32_t elements;
  int32_t input_zero_point;
  mw_multiplier input;
  int32_t radius;
  int32_t table_factor, table_shift;
  int32_t reserved;
} mw_sigmoid_section;
MW_LAYOUT(mw_sigmoid_section, 32);
MW_OFFSET(mw_sigmoid_section, elements, 0);
MW_OFFSET(mw_sigmoid_section, input_zero_point, 4);
MW_OFFSET(mw_sigmoid_section, input, 8);
MW_OFFSET(mw_sigmoid_section, radius, 16);
MW_OFFSET(mw_sigmoid_section, table_factor, 20);
MW_OFFSET(mw_sigmoid_section, table_shift, 24);
MW_OFFSET(mw_sigmoid_section, reserved, 28);

/* SOFTMAX of inputs of up to 8 bits: differences to a row's maximum are scaled to Q5.26; those
 * below difference_minimum give the lowest output and are not summed. */
typedef struct mw_softmax_section {
  int32_t rows, depth;
  mw_multiplier input;
  int32_t difference_minimum;
  int32_t reserved;
} mw_softmax_section;
MW_LAYOUT(mw_softmax_section, 24);
MW_OFFSET(mw_softmax_section, rows, 0);
MW_OFFSET(mw_softmax_section, depth, 4);
MW_OFFSET(mw_softmax_section, input, 8);
MW_OFFSET(mw_softmax_section, difference_minimum, 16);
MW_OFFSET(mw_softmax_section, reserved, 20);

#endif
