/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packet filter of an egg that waits: on its one port from the first moment on, handed to the organism without a gap. */
#ifndef CELLWS_CELLCTL_EGG_SKIN_H
#define CELLWS_CELLCTL_EGG_SKIN_H

#include <stdbool.h>
#include <stdint.h>
#include "cellctl/verb.h"

#define EGG_SYNS_S 8 /* connections that a source (IPv6: /64) may open in a second: attempts beyond it are dropped */

/* Descriptors, -1 for none: --xdp off. */
struct egg_skin {
	int link, program, stats;
	bool native;
	char note[160]; /* why it is the one or the other mode */
};

/*
 * Puts it on. wish: auto, native, generic or off. 0 or the exit code, said. Off with the last process that holds the link; where a
 * dead organism has left its own, in the place of that, which stays until `down`.
 */
int egg_skin_on(struct egg_skin *s, const struct invocation *in, const char *iface, unsigned ifindex, const char *wish, uint16_t port);

/* After an organism could not be laid: its own program again, whatever that one has put in its place. 0 or -errno. */
int egg_skin_back(struct egg_skin *s, unsigned ifindex);

/* Packets to the egg that were dropped. */
uint64_t egg_skin_dropped(const struct egg_skin *s);

#endif
