/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The genes that came with a spore: RUN_DIR/NAME.genes, which is there whole or not at all. */
#ifndef CELLWS_CELLCTL_EGG_GENES_H
#define CELLWS_CELLCTL_EGG_GENES_H

#include "cellctl/up.h"
#include "link/spore.h"

/*
 * Writes them for root to change and for all to read, compares what is there with the spore's digests, and turns the
 * routes of u's DNA to them. 0 or the exit code, said.
 */
int egg_genes_write(struct up *u, const struct spore *s);

/* Removes them, if there are any. */
void egg_genes_remove(const struct invocation *in, const char *name);

#endif
