/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of an engine, 32 bits each, offsets in bytes. */
#ifndef MILLIWATT_ABI_REGISTERS_H
#define MILLIWATT_ABI_REGISTERS_H

#include "abi/layout.h"

enum mw_register {
  MW_REG_ID = 0x00,                /* read: enum mw_machine */
  MW_REG_STATUS = 0x04,            /* read: enum mw_status */
  MW_REG_CONTROL = 0x08,           /* write 1: fetch the descriptor and run it */
  MW_REG_INTERRUPT = 0x0c,         /* read: 1 while pending; write 1: acknowledge */
  MW_REG_DESCRIPTOR_REGION = 0x10, /* place and size of the descriptor */
  MW_REG_DESCRIPTOR_OFFSET = 0x14,
  MW_REG_DESCRIPTOR_BYTES = 0x18,
  MW_REG_REGION_BASE = 0x20, /* MW_REGIONS words: bus address of each region */
  MW_REG_BYTES = 0x40
};

enum mw_status { MW_STATUS_IDLE = 0, MW_STATUS_BUSY = 1, MW_STATUS_DONE = 2, MW_STATUS_ERROR = 3 };

/* A memory window, where an engine has one, lies at this offset behind its registers. */
#define MW_WINDOW_OFFSET 0x100000u

#endif
