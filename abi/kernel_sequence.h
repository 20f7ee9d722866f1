/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the kernels with states, which live from one invocation to the next: SVDF and LSTM.
 */
#ifndef MILLIWATT_ABI_KERNEL_SEQUENCE_H
#define MILLIWATT_ABI_KERNEL_SEQUENCE_H

#include "abi/kernel_call.h"

/* SVDF: operands data [batch, depth], feature weights [filters, depth], time weights [filters,
 * memory], int32 bias [filters / rank], state [batch, filters, memory] (read and written), output
 * [batch, filters / rank]. Per filter the oldest state goes and requantize(sum of feature weight *
 * (x - zi), feature), clamped to the state's bits, comes; adding zs wraps in these bits. Then y =
 * clamp(requantize(bias + sum of time weight * (state - zs) over rank and memory, time) + zo). */
typedef struct mw_svdf_section {
  int32_t batch, depth, filters, rank, memory;
  int32_t input_zero_point, state_zero_point, output_zero_point;
  mw_multiplier feature, time;
  int32_t clamp_low, clamp_high;
} mw_svdf_section;
MW_LAYOUT(mw_svdf_section, 56);
MW_OFFSET(mw_svdf_section, batch, 0);
MW_OFFSET(mw_svdf_section, depth, 4);
MW_OFFSET(mw_svdf_section, filters, 8);
MW_OFFSET(mw_svdf_section, rank, 12);
MW_OFFSET(mw_svdf_section, memory, 16);
MW_OFFSET(mw_svdf_section, input_zero_point, 20);
MW_OFFSET(mw_svdf_section, state_zero_point, 24);
MW_OFFSET(mw_svdf_section, output_zero_point, 28);
MW_OFFSET(mw_svdf_section, feature, 32);
MW_OFFSET(mw_svdf_section, time, 40);
MW_OFFSET(mw_svdf_section, clamp_low, 48);
MW_OFFSET(mw_svdf_section, clamp_high, 52);

/* Gates of an LSTM, in the order of its operands. */
enum mw_lstm_gate {
  MW_LSTM_INPUT = 0,
  MW_LSTM_FORGET = 1,
  MW_LSTM_CELL = 2,
  MW_LSTM_OUTPUT = 3,
  MW_LSTM_GATES = 4
};

/* LSTM: operands data [batch, steps, depth] or [steps, batch, depth]; per gate the weights [units,
 * depth]; per gate the recurrent weights [units, units]; per gate the bias [units] of 32 or 64
 * bits; output state [batch, units] and int16 cell state [batch, units], both read and written;
 * output as data with units for depth. Per step each gate is requantize(bias + sum of weight * (x -
 * zi), input) + requantize(sum of recurrent weight * (h - zh), recurrent) in Q3.12, then a sigmoid
 * (the cell gate: tanh) in Q0.15; c = requantize(f * c, forget) + requantize(i * g, update), within
 * +- cell_clip unless that is 0; h = requantize(tanh(c) * o, output) + zh. The tanh of c is looked
 * up at (c * table_factor + rounding) >> table_shift. */
typedef struct mw_lstm_section {
  int32_t batch, steps, depth, units;
  int32_t time_major; /* 1: the steps are the first dimension */
  int32_t input_zero_point, output_zero_point;
  mw_multiplier input[MW_LSTM_GATES], recurrent[MW_LSTM_GATES];
  mw_multiplier forget, update, output;
  int32_t cell_clip;
  int32_t table_factor, table_shift;
  int32_t clamp_low, clamp_high;
} mw_lstm_section;
MW_LAYOUT(mw_lstm_section, 136);
MW_OFFSET(mw_lstm_section, batch, 0);
MW_OFFSET(mw_lstm_section, steps, 4);
MW_OFFSET(mw_lstm_section, depth, 8);
MW_OFFSET(mw_lstm_section, units, 12);
MW_OFFSET(mw_lstm_section, time_major, 16);
MW_OFFSET(mw_lstm_section, input_zero_point, 20);
MW_OFFSET(mw_lstm_section, output_zero_point, 24);
MW_OFFSET(mw_lstm_section, input, 28);
MW_OFFSET(mw_lstm_section, recurrent, 60);
MW_OFFSET(mw_lstm_section, forget, 92);
MW_OFFSET(mw_lstm_section, update, 100);
MW_OFFSET(mw_lstm_section, output, 108);
MW_OFFSET(mw_lstm_section, cell_clip, 116);
MW_OFFSET(mw_lstm_section, table_factor, 120);
MW_OFFSET(mw_lstm_section, table_shift, 124);
MW_OFFSET(mw_lstm_section, clamp_low, 128);
MW_OFFSET(mw_lstm_section, clamp_high, 132);

#endif
