/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the kernels that multiply matrices beside convolutions: transposed convolution and
 * the product of two activations. Elements have 2 to 8 or 16 bits. R is the requantization of
 * workloads/quantization.h, for outputs of 16 bits requantize_wide of workloads/fixed_point.h. */
#ifndef MILLIWATT_ABI_KERNEL_MATRIX_H
#define MILLIWATT_ABI_KERNEL_MATRIX_H

#include "abi/kernel_call.h"

/* TRANSPOSE_CONV: operands ifmap NHWC, filter OHWI, table, output. The table is
 * that of a convolution (kernel_weighted.h). Each
 * pixel (y, x) of the ifmap adds to the outputs (y * stride - pad + ky, x * stride - pad + kx). */
typedef struct mw_transpose_conv_section {
  int32_t batch;
  int32_t input_h, input_w, input_c;
  int32_t output_h, output_w, output_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t input_zero_point, output_zero_point;
  int32_t clamp_low, clamp_high;
  int32_t reserved;
} mw_transpose_conv_section;
MW_LAYOUT(mw_transpose_conv_section, 72);
MW_OFFSET(mw_transpose_conv_section, batch, 0);
MW_OFFSET(mw_transpose_conv_section, input_h, 4);
MW_OFFSET(mw_transpose_conv_section, input_w, 8);
MW_OFFSET(mw_transpose_conv_section, input_c, 12);
MW_OFFSET(mw_transpose_conv_section, output_h, 16);
MW_OFFSET(mw_transpose_conv_section, output_w, 20);
MW_OFFSET(mw_transpose_conv_section, output_c, 24);
MW_OFFSET(mw_transpose_conv_section, kernel_h, 28);
MW_OFFSET(mw_transpose_conv_section, kernel_w, 32);
MW_OFFSET(mw_transpose_conv_section, stride_h, 36);
MW_OFFSET(mw_transpose_conv_section, stride_w, 40);
MW_OFFSET(mw_transpose_conv_section, pad_top, 44);
MW_OFFSET(mw_transpose_conv_section, pad_left, 48);
MW_OFFSET(mw_transpose_conv_section, input_zero_point, 52);
MW_OFFSET(mw_transpose_conv_section, output_zero_point, 56);
MW_OFFSET(mw_transpose_conv_section, clamp_low, 60);
MW_OFFSET(mw_transpose_conv_section, clamp_high, 64);
MW_OFFSET(mw_transpose_conv_section, reserved, 68);

/* MATMUL: operands a [.., rows, depth], b [.., depth, columns], output [.., rows, columns]. A
 * transposed operand has its last two dimensions swapped. Four dimensions of matrices broadcast (1
 * repeats). y = clamp(R(sum of (a - za) * (b - zb)) + zo). */
typedef struct mw_matmul_section {
  int32_t matrices_a[4], matrices_b[4];
  int32_t rows, depth, columns;
  int32_t transpose_a, transpose_b; /* 0 or 1 */
  int32_t zero_point_a, zero_point_b, output_zero_point;
  mw_multiplier output;
  int32_t clamp_low, clamp_high;
} mw_matmul_section;
MW_LAYOUT(mw_matmul_section, 80);
MW_OFFSET(mw_matmul_section, matrices_a, 0);
MW_OFFSET(mw_matmul_section, matrices_b, 16);
MW_OFFSET(mw_matmul_section, rows, 32);
MW_OFFSET(mw_matmul_section, depth, 36);
MW_OFFSET(mw_matmul_section, columns, 40);
MW_OFFSET(mw_matmul_section, transpose_a, 44);
MW_OFFSET(mw_matmul_section, transpose_b, 48);
MW_OFFSET(mw_matmul_section, zero_point_a, 52);
MW_OFFSET(mw_matmul_section, zero_point_b, 56);
MW_OFFSET(mw_matmul_section, output_zero_point, 60);
MW_OFFSET(mw_matmul_section, output, 64);
MW_OFFSET(mw_matmul_section, clamp_low, 72);
MW_OFFSET(mw_matmul_section, clamp_high, 76);

#endif
