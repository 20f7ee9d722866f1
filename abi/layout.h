/* SPDX-License-Identifier: Apache-2.0 */
/* The binary interface between the host and the engines. Freestanding: <stdint.h> only, valid C11
 * and C++17, the same bytes on every compiler (little endian, no padding). */
#ifndef MILLIWATT_ABI_LAYOUT_H
#define MILLIWATT_ABI_LAYOUT_H

#include <stdint.h>

#ifdef __cplusplus
#define MW_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define MW_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* Freezes the size of a structure. */
#define MW_LAYOUT(type, size) MW_STATIC_ASSERT(sizeof(type) == (size), #type " changed its size")
#define MW_OFFSET(type, field, offset) \
  MW_STATIC_ASSERT(__builtin_offsetof(type, field) == (offset), #type "." #field " moved")

/* A place in simulated memory: offset in a region whose base the host and the engines know. */
typedef struct mw_ref {
  uint32_t region;
  uint32_t offset;
} mw_ref;
MW_LAYOUT(mw_ref, 8);
MW_OFFSET(mw_ref, region, 0);
MW_OFFSET(mw_ref, offset, 4);

/* Regions of a program. */
enum mw_region {
  MW_REGION_PROGRAM = 0,  /* command lists, descriptors, constants: usually off chip */
  MW_REGION_SRAM = 1,     /* activations */
  MW_REGION_EXTERNAL = 2, /* activations that do not fit on chip */
  MW_REGION_WINDOW = 3,   /* an engine's buffer, handed over as memory */
  MW_REGIONS = 4
};

#endif
