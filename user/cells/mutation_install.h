/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of a mutation that one cell does for all: a new DNA's descriptors to their numbers. */
#ifndef CELLWS_CELLS_MUTATION_INSTALL_H
#define CELLWS_CELLS_MUTATION_INSTALL_H

#include "tissue/tissue.h"

/* Whether a DNA that was wanted has come into force by this. Not if another cell is at it, or its descriptors are not there yet. */
bool mutation_install(struct tissue *t);

/* The germ in a descriptor, mapped, if it is the one that the kernel's map names for that generation; else NULL. */
const struct germ *mutation_map(const struct tissue *t, int fd, uint32_t generation);

#endif
