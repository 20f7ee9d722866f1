/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: what START hands to an engine. A common head, then a section that the machine named
 * in the head encodes and decodes. Little endian; integers only; places are region + offset. */
#ifndef MILLIWATT_ABI_DESCRIPTOR_H
#define MILLIWATT_ABI_DESCRIPTOR_H

#include "abi/layout.h"

#define MW_DESCRIPTOR_MAGIC 0x3144574du /* "MWD1" */
#define MW_DESCRIPTOR_VERSION 3u

/* Who decodes the section behind the head. */
enum mw_machine {
  MW_MACHINE_VECTOR = 0, /* the shell's vector unit, in every engine */
  MW_MACHINE_SYSTOLIC = 1,
  MW_MACHINE_TEST = 0x7f00 /* machines that exist only in tests */
};

typedef struct mw_descriptor_head {
  uint32_t magic;
  uint16_t version;
  uint16_t machine;     /* enum mw_machine */
  uint32_t bytes;       /* head and section; a multiple of 8 */
  uint16_t first_layer; /* operator index in the network, for the reports */
  uint16_t operators;   /* the command covers [first_layer, first_layer + operators) */
} mw_descriptor_head;
MW_LAYOUT(mw_descriptor_head, 16);
MW_OFFSET(mw_descriptor_head, magic, 0);
MW_OFFSET(mw_descriptor_head, version, 4);
MW_OFFSET(mw_descriptor_head, machine, 6);
MW_OFFSET(mw_descriptor_head, bytes, 8);
MW_OFFSET(mw_descriptor_head, first_layer, 12);
MW_OFFSET(mw_descriptor_head, operators, 14);

/* One channel of a requantization table: y = requantize(sum + bias, multiplier * 2^exponent). */
typedef struct mw_channel_parameters {
  int32_t bias; /* the convolution's bias less input zero point * sum of the channel's weights */
  int32_t multiplier;
  int32_t exponent;
} mw_channel_parameters;
MW_LAYOUT(mw_channel_parameters, 12);
MW_OFFSET(mw_channel_parameters, bias, 0);
MW_OFFSET(mw_channel_parameters, multiplier, 4);
MW_OFFSET(mw_channel_parameters, exponent, 8);

/* Convolution, or a fully connected layer as a 1 x rows image with depth channels. */
typedef struct mw_conv_geometry {
  int32_t batch;
  int32_t input_h, input_w, input_c;
  int32_t output_h, output_w, output_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
} mw_conv_geometry;
MW_LAYOUT(mw_conv_geometry, 60);
MW_OFFSET(mw_conv_geometry, batch, 0);
MW_OFFSET(mw_conv_geometry, input_h, 4);
MW_OFFSET(mw_conv_geometry, input_w, 8);
MW_OFFSET(mw_conv_geometry, input_c, 12);
MW_OFFSET(mw_conv_geometry, output_h, 16);
MW_OFFSET(mw_conv_geometry, output_w, 20);
MW_OFFSET(mw_conv_geometry, output_c, 24);
MW_OFFSET(mw_conv_geometry, kernel_h, 28);
MW_OFFSET(mw_conv_geometry, kernel_w, 32);
MW_OFFSET(mw_conv_geometry, stride_h, 36);
MW_OFFSET(mw_conv_geometry, stride_w, 40);
MW_OFFSET(mw_conv_geometry, dilation_h, 44);
MW_OFFSET(mw_conv_geometry, dilation_w, 48);
MW_OFFSET(mw_conv_geometry, pad_top, 52);
MW_OFFSET(mw_conv_geometry, pad_left, 56);

/* Section of MW_MACHINE_SYSTOLIC: weights packed [filter tile][k][filter] with
 * k = (ky * kernel_w + kx) * channels + c over the channels that the filters of the tile look at; a
 * requantization table per output channel. A filter tile is at most the output_c / groups filters
 * of a group, or whole groups: then filters have zeros for the channels of other groups.
 * Elements below 8 bits are packed, the first in the lowest bits: element i takes the bits
 * [i * bits, (i + 1) * bits). Pixels, filter tiles and, where weights are loaded fold by fold, the
 * weights of a fold begin at a byte. */
typedef struct mw_systolic_descriptor {
  mw_descriptor_head head;
  mw_conv_geometry geometry;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t clamp_low, clamp_high;
  int32_t tile_h, tile_w;    /* output pixels of a tile */
  uint8_t pixel_tiles_outer; /* 0: filter tiles are the outer loop; 1: pixel tiles are */
  uint8_t weights_per_fold;  /* 0: a filter tile's weights are loaded at once; 1: fold by fold */
  uint8_t input_bits, weight_bits, output_bits; /* 2 .. 8 */
  uint8_t reserved[3];                          /* 0 */
  int32_t groups;      /* of channels and filters; 1: all filters see all channels */
  int32_t filter_tile; /* filters of a tile */
  int32_t fold_taps;   /* taps of a fold */
  mw_ref ifmap, weights, parameters, ofmap;
} mw_systolic_descriptor;
MW_LAYOUT(mw_systolic_descriptor, 152);
MW_OFFSET(mw_systolic_descriptor, head, 0);
MW_OFFSET(mw_systolic_descriptor, geometry, 16);
MW_OFFSET(mw_systolic_descriptor, input_zero_point, 76);
MW_OFFSET(mw_systolic_descriptor, output_zero_point, 80);
MW_OFFSET(mw_systolic_descriptor, clamp_low, 84);
MW_OFFSET(mw_systolic_descriptor, clamp_high, 88);
MW_OFFSET(mw_systolic_descriptor, tile_h, 92);
MW_OFFSET(mw_systolic_descriptor, tile_w, 96);
MW_OFFSET(mw_systolic_descriptor, pixel_tiles_outer, 100);
MW_OFFSET(mw_systolic_descriptor, weights_per_fold, 101);
MW_OFFSET(mw_systolic_descriptor, input_bits, 102);
MW_OFFSET(mw_systolic_descriptor, weight_bits, 103);
MW_OFFSET(mw_systolic_descriptor, output_bits, 104);
MW_OFFSET(mw_systolic_descriptor, reserved, 105);
MW_OFFSET(mw_systolic_descriptor, groups, 108);
MW_OFFSET(mw_systolic_descriptor, filter_tile, 112);
MW_OFFSET(mw_systolic_descriptor, fold_taps, 116);
MW_OFFSET(mw_systolic_descriptor, ifmap, 120);
MW_OFFSET(mw_systolic_descriptor, weights, 128);
MW_OFFSET(mw_systolic_descriptor, parameters, 136);
MW_OFFSET(mw_systolic_descriptor, ofmap, 144);

enum mw_vector_operation { MW_VECTOR_ADD = 0, MW_VECTOR_AVERAGE_POOL = 1, MW_VECTOR_MAX_POOL = 2 };

/* Section of MW_MACHINE_VECTOR. ADD uses elements and the add_* fields; pools use the geometry.
 * Elements below 8 bits are packed as in a systolic descriptor; tiles begin at a byte. */
typedef struct mw_vector_descriptor {
  mw_descriptor_head head;
  uint8_t operation;                   /* enum mw_vector_operation */
  uint8_t a_bits, b_bits, output_bits; /* 2 .. 8; pools have no b: 8 */
  int32_t elements;
  mw_conv_geometry geometry;
  int32_t zero_point, clamp_low, clamp_high;
  int32_t add_left_shift;
  int32_t add_zero_point_a, add_zero_point_b;
  int32_t add_multiplier_a, add_exponent_a;
  int32_t add_multiplier_b, add_exponent_b;
  int32_t add_multiplier, add_exponent;
  int32_t tile; /* elements (ADD) or output rows (pools) of a tile */
  mw_ref a, b, output;
} mw_vector_descriptor;
MW_LAYOUT(mw_vector_descriptor, 160);
MW_OFFSET(mw_vector_descriptor, head, 0);
MW_OFFSET(mw_vector_descriptor, operation, 16);
MW_OFFSET(mw_vector_descriptor, a_bits, 17);
MW_OFFSET(mw_vector_descriptor, b_bits, 18);
MW_OFFSET(mw_vector_descriptor, output_bits, 19);
MW_OFFSET(mw_vector_descriptor, elements, 20);
MW_OFFSET(mw_vector_descriptor, geometry, 24);
MW_OFFSET(mw_vector_descriptor, zero_point, 84);
MW_OFFSET(mw_vector_descriptor, clamp_low, 88);
MW_OFFSET(mw_vector_descriptor, clamp_high, 92);
MW_OFFSET(mw_vector_descriptor, add_left_shift, 96);
MW_OFFSET(mw_vector_descriptor, add_zero_point_a, 100);
MW_OFFSET(mw_vector_descriptor, add_zero_point_b, 104);
MW_OFFSET(mw_vector_descriptor, add_multiplier_a, 108);
MW_OFFSET(mw_vector_descriptor, add_exponent_a, 112);
MW_OFFSET(mw_vector_descriptor, add_multiplier_b, 116);
MW_OFFSET(mw_vector_descriptor, add_exponent_b, 120);
MW_OFFSET(mw_vector_descriptor, add_multiplier, 124);
MW_OFFSET(mw_vector_descriptor, add_exponent, 128);
MW_OFFSET(mw_vector_descriptor, tile, 132);
MW_OFFSET(mw_vector_descriptor, a, 136);
MW_OFFSET(mw_vector_descriptor, b, 144);
MW_OFFSET(mw_vector_descriptor, output, 152);

#endif
