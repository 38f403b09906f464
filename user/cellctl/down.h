/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ending an organism: what `down` and a foreground `up` share. */
#ifndef CELLWS_CELLCTL_DOWN_H
#define CELLWS_CELLCTL_DOWN_H

#include "cellctl/verb.h"

/* Drains and ends every cell, takes the skin off, removes pins and run directory. The exit code. */
int down_organism(const struct invocation *in, const char *name);

/* Whether in->name is being taken down, or is gone. */
bool down_has_begun(const struct invocation *in);

/* Whether any cell of in->name lives. */
bool down_anybody_lives(const struct invocation *in);

#endif
