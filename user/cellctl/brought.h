/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What came with a spore: RUN_DIR/NAME.KIND, a directory that is there whole or not at all. */
#ifndef CELLWS_CELLCTL_BROUGHT_H
#define CELLWS_CELLCTL_BROUGHT_H

#include "cellctl/pins.h"
#include "link/spore.h"

/* Writes what there is into a directory, which is root's alone until it returns. 0 or -errno. */
typedef int (*brought_fill)(int directory, const struct spore *s);

/* Puts it in the place of what was there; its path, empty when that is too long. 0, or -errno: then nothing is there. */
int brought_write(const struct invocation *in, const char *name, const char *kind, brought_fill fill, const struct spore *s,
	char path[PIN_PATH]);

/* Removes it, and what is left of an attempt that was killed. */
void brought_remove(const struct invocation *in, const char *name, const char *kind);

#endif
