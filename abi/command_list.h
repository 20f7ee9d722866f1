/* SPDX-License-Identifier: Apache-2.0 */
/* The program of a network: what the host walks. One image holds the head, the two command
 * sections, descriptors, records of calls and constants; offsets are from the image's start. */
#ifndef MILLIWATT_ABI_COMMAND_LIST_H
#define MILLIWATT_ABI_COMMAND_LIST_H

#include "abi/layout.h"

#define MW_PROGRAM_MAGIC 0x3150574du /* "MWP1" */
#define MW_PROGRAM_VERSION 2u

typedef struct mw_program_head {
  uint32_t magic;
  uint32_t version;
  uint32_t region_base[MW_REGIONS]; /* bus addresses */
  uint32_t engines;                 /* engine e has its registers at engine_base + e * stride */
  uint32_t engine_base;
  uint32_t engine_stride;
  uint32_t setup_offset, setup_commands;   /* run once: program, pin, set states */
  uint32_t invoke_offset, invoke_commands; /* run for every inference */
  uint32_t reserved;
} mw_program_head;
MW_LAYOUT(mw_program_head, 56);
MW_OFFSET(mw_program_head, magic, 0);
MW_OFFSET(mw_program_head, version, 4);
MW_OFFSET(mw_program_head, region_base, 8);
MW_OFFSET(mw_program_head, engines, 24);
MW_OFFSET(mw_program_head, engine_base, 28);
MW_OFFSET(mw_program_head, engine_stride, 32);
MW_OFFSET(mw_program_head, setup_offset, 36);
MW_OFFSET(mw_program_head, setup_commands, 40);
MW_OFFSET(mw_program_head, invoke_offset, 44);
MW_OFFSET(mw_program_head, invoke_commands, 48);
MW_OFFSET(mw_program_head, reserved, 52);

enum mw_opcode {
  MW_END = 0,   /* end of the section */
  MW_START = 1, /* engine, place and bytes of the descriptor */
  MW_WAIT = 2,  /* engine: sleep until its interrupt, acknowledge it */
  MW_CALL = 3,  /* place and bytes of the record of a call: run a software kernel on the host */
  MW_COPY = 4,  /* place of mw_copy_args */
  MW_FENCE = 5, /* every earlier write of the host is visible to engines */
  MW_MARK = 6,  /* value: the layer that begins; for the reports */
  MW_BRANCH = 7 /* reserved: skip commands by an output, for cascades */
};

typedef struct mw_command {
  uint16_t opcode; /* enum mw_opcode */
  uint16_t engine;
  mw_ref place;
  uint32_t value; /* START: bytes of the descriptor; CALL: of the record; MARK: layer */
} mw_command;
MW_LAYOUT(mw_command, 16);
MW_OFFSET(mw_command, opcode, 0);
MW_OFFSET(mw_command, engine, 2);
MW_OFFSET(mw_command, place, 4);
MW_OFFSET(mw_command, value, 12);

typedef struct mw_copy_args {
  mw_ref source, destination;
  uint32_t bytes;
  uint32_t layer;
} mw_copy_args;
MW_LAYOUT(mw_copy_args, 24);
MW_OFFSET(mw_copy_args, source, 0);
MW_OFFSET(mw_copy_args, destination, 8);
MW_OFFSET(mw_copy_args, bytes, 16);
MW_OFFSET(mw_copy_args, layer, 20);

#endif
