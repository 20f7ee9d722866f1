/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a call: what MW_CALL hands to a software kernel of the host. A head, the operands,
 * then the section of the kernel's family (kernel_weighted.h, kernel_elementwise.h, ...). Little
 * endian; integers only; all parts and the whole are multiples of 8 bytes. */
#ifndef MILLIWATT_ABI_KERNEL_CALL_H
#define MILLIWATT_ABI_KERNEL_CALL_H

#include "abi/layout.h"

enum mw_kernel {
  MW_KERNEL_COPY = 0,
  MW_KERNEL_CONV = 1,
  MW_KERNEL_DEPTHWISE = 2,
  MW_KERNEL_FULLY_CONNECTED = 3,
  MW_KERNEL_AVERAGE_POOL = 4,
  MW_KERNEL_MAX_POOL = 5,
  MW_KERNEL_ADD = 6,
  MW_KERNEL_SOFTMAX = 7,
  MW_KERNEL_SUB = 8,
  MW_KERNEL_MUL = 9,
  MW_KERNEL_MAXIMUM = 10,
  MW_KERNEL_MINIMUM = 11,
  MW_KERNEL_RESCALE = 12,
  MW_KERNEL_LEAKY_RELU = 13,
  MW_KERNEL_HARD_SWISH = 14,
  MW_KERNEL_LOGISTIC = 15,
  MW_KERNEL_TANH = 16,
  MW_KERNEL_MOVE = 17,
  MW_KERNEL_TRANSPOSE_CONV = 18,
  MW_KERNEL_MATMUL = 19,
  MW_KERNEL_REDUCE_SUM = 20,
  MW_KERNEL_REDUCE_MAX = 21,
  MW_KERNEL_RESIZE_NEAREST = 22,
  MW_KERNEL_RESIZE_BILINEAR = 23,
  MW_KERNEL_QUANTIZE = 24,
  MW_KERNEL_DEQUANTIZE = 25,
  MW_KERNEL_LOG_SOFTMAX = 26,
  MW_KERNEL_SVDF = 27,
  MW_KERNEL_LSTM = 28,
  MW_KERNELS = 29
};

/* What one call may be given: bytes of its record, operands, bytes of an operand and of all, taps
 * of a depthwise or pooling window, 2 to the power of elementary steps, dimensions of an array. */
enum mw_kernel_limit {
  MW_KERNEL_MOST_RECORD_BYTES = 1 << 16,
  MW_KERNEL_MOST_OPERANDS = 256,
  MW_KERNEL_MOST_OPERAND_BYTES = 1 << 28,
  MW_KERNEL_MOST_TOTAL_BYTES = 1 << 30,
  MW_KERNEL_MOST_TAPS = 1 << 15,
  MW_KERNEL_MOST_STEPS_LOG2 = 40,
  MW_KERNEL_MOST_DIMENSIONS = 6
};

#define MW_KERNEL_NO_LAYER 0xffffu

typedef struct mw_kernel_head {
  uint16_t kernel;   /* enum mw_kernel */
  uint16_t layer;    /* operator index in the network, for the reports; or MW_KERNEL_NO_LAYER */
  uint32_t bytes;    /* head, operands and section; a multiple of 8 */
  uint32_t operands; /* that follow the head */
  uint32_t reserved;
} mw_kernel_head;
MW_LAYOUT(mw_kernel_head, 16);
MW_OFFSET(mw_kernel_head, kernel, 0);
MW_OFFSET(mw_kernel_head, layer, 2);
MW_OFFSET(mw_kernel_head, bytes, 4);
MW_OFFSET(mw_kernel_head, operands, 8);
MW_OFFSET(mw_kernel_head, reserved, 12);

/* Bits of mw_kernel_operand.use: the kernel reads the operand, writes it, or both (a state). */
enum mw_use { MW_USE_READ = 1, MW_USE_WRITE = 2, MW_USE_STATE = 3 };

/* What an operand is to the network, for the traffic reports. */
enum mw_tensor_class {
  MW_TENSOR_IFMAP = 0,
  MW_TENSOR_WEIGHTS = 1,
  MW_TENSOR_PARAMETERS = 2, /* bias and requantization tables */
  MW_TENSOR_OFMAP = 3,
  MW_TENSOR_STATE = 4,
  MW_TENSOR_CLASSES = 5
};

/* Elements of `bits` lie one behind the other from the lowest bit of the first byte on; those of
 * more than a byte are little endian. */
typedef struct mw_kernel_operand {
  mw_ref place;
  uint32_t bytes;       /* of the whole operand */
  uint8_t use;          /* enum mw_use */
  uint8_t bits;         /* of an element: 2 to 8, 16, 32 or 64; of a table: 32 */
  uint8_t is_float;     /* 1: IEEE 754, of 32 bits */
  uint8_t tensor_class; /* enum mw_tensor_class */
} mw_kernel_operand;
MW_LAYOUT(mw_kernel_operand, 16);
MW_OFFSET(mw_kernel_operand, place, 0);
MW_OFFSET(mw_kernel_operand, bytes, 8);
MW_OFFSET(mw_kernel_operand, use, 12);
MW_OFFSET(mw_kernel_operand, bits, 13);
MW_OFFSET(mw_kernel_operand, is_float, 14);
MW_OFFSET(mw_kernel_operand, tensor_class, 15);

/* The factor mantissa * 2^(exponent - 31) of a requantization. */
typedef struct mw_multiplier {
  int32_t mantissa;
  int32_t exponent;
} mw_multiplier;
MW_LAYOUT(mw_multiplier, 8);
MW_OFFSET(mw_multiplier, mantissa, 0);
MW_OFFSET(mw_multiplier, exponent, 4);

/* Section of COPY: operands {input, output}, of the same bytes. */
typedef struct mw_copy_section {
  uint32_t bytes;
  uint32_t reserved;
} mw_copy_section;
MW_LAYOUT(mw_copy_section, 8);
MW_OFFSET(mw_copy_section, bytes, 0);
MW_OFFSET(mw_copy_section, reserved, 4);

#endif
