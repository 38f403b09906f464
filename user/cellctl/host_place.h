/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files of a linked organism that outlive it on this host: whose pair it is, who was expelled, which keys followed which. */
#ifndef CELLWS_CELLCTL_HOST_PLACE_H
#define CELLWS_CELLCTL_HOST_PLACE_H

#include "cellctl/pins.h"
#include "tissue/key.h"

/* DIRECTORY/ORGANISM.KIND, where root alone writes; kind: host, expelled or keys. Makes the directory. 0 or -errno. */
int host_place(const struct invocation *in, const char *organism, const char *kind, char to[PIN_PATH]);

/* Opens such a file for reading and appending, made when it is not there. A descriptor or -errno. */
int host_open(const struct invocation *in, const char *organism, const char *kind);

/*
 * Follows the keys that other hosts have told of, or that were made here: ring becomes the newest one. True when it was not.
 * What cannot be read changes nothing.
 */
bool host_follow_key(const struct invocation *in, const char *organism, struct key_ring *ring);

/* Writes down that after follows before, for the cells and for the next `up`. 0 or -errno. */
int host_pass_key(const struct invocation *in, const char *organism, const struct key_ring *before, const struct key_ring *after);

#endif
