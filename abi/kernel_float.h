/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the kernels at a network's edge, between integers and IEEE 754 binary32. Real
 * parameters are given by their bits. */
#ifndef MILLIWATT_ABI_KERNEL_FLOAT_H
#define MILLIWATT_ABI_KERNEL_FLOAT_H

#include "abi/kernel_call.h"

/* QUANTIZE: operands float input, integer output: round(x / scale), ties away from zero, plus the
 * zero point, within the output's bits. Not-a-number gives the zero point.
 * DEQUANTIZE: operands integer input, float output: scale * (x - zero point), the product in
 * binary64. */
typedef struct mw_scale_section {
  uint32_t elements;
  uint32_t scale; /* bits of a binary32 above 0 */
  int32_t zero_point;
  int32_t reserved;
} mw_scale_section;
MW_LAYOUT(mw_scale_section, 16);
MW_OFFSET(mw_scale_section, elements, 0);
MW_OFFSET(mw_scale_section, scale, 4);
MW_OFFSET(mw_scale_section, zero_point, 8);
MW_OFFSET(mw_scale_section, reserved, 12);

/* LOG_SOFTMAX: operands float input and output [rows, length]. */
typedef struct mw_log_softmax_section {
  int32_t rows;
  int32_t length;
} mw_log_softmax_section;
MW_LAYOUT(mw_log_softmax_section, 8);
MW_OFFSET(mw_log_softmax_section, rows, 0);
MW_OFFSET(mw_log_softmax_section, length, 4);

#endif
