/* SPDX-License-Identifier: Apache-2.0 */
/* Section of MOVE: elements of any width go from place to place. Pad, concatenate, slice, split and
 * transpose are made of it. */
#ifndef MILLIWATT_ABI_KERNEL_MOVEMENT_H
#define MILLIWATT_ABI_KERNEL_MOVEMENT_H

#include "abi/kernel_call.h"

/* All operands have elements of the same bits. Outputs begin with `fill_elements` elements `fill`
 * and zeros behind, then the pieces move one after the other; `pieces` mw_move_piece follow. */
typedef struct mw_move_section {
  uint32_t pieces;
  int32_t fill;
  uint32_t fill_elements;
  uint32_t reserved;
} mw_move_section;
MW_LAYOUT(mw_move_section, 16);
MW_OFFSET(mw_move_section, pieces, 0);
MW_OFFSET(mw_move_section, fill, 4);
MW_OFFSET(mw_move_section, fill_elements, 8);
MW_OFFSET(mw_move_section, reserved, 12);

/* A box of elements: element (i0, .., i5) goes from input_offset + sum of i * input_stride to
 * output_offset + sum of i * output_stride. Offsets and strides count elements. */
typedef struct mw_move_piece {
  uint32_t input, output; /* which operands, by their index */
  int32_t input_offset, output_offset;
  int32_t extents[MW_KERNEL_MOST_DIMENSIONS];
  int32_t input_strides[MW_KERNEL_MOST_DIMENSIONS];
  int32_t output_strides[MW_KERNEL_MOST_DIMENSIONS];
} mw_move_piece;
MW_LAYOUT(mw_move_piece, 88);
MW_OFFSET(mw_move_piece, input, 0);
MW_OFFSET(mw_move_piece, output, 4);
MW_OFFSET(mw_move_piece, input_offset, 8);
MW_OFFSET(mw_move_piece, output_offset, 12);
MW_OFFSET(mw_move_piece, extents, 16);
MW_OFFSET(mw_move_piece, input_strides, 40);
MW_OFFSET(mw_move_piece, output_strides, 64);

#endif
