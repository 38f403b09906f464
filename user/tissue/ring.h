/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A kernel's ring that one cell reads in place. */
#ifndef CELLWS_TISSUE_RING_H
#define CELLWS_TISSUE_RING_H

#include <stddef.h>

/* Mapped. */
struct ring {
	_Atomic unsigned long *consumer;
	const _Atomic unsigned long *producer;
	const char *data;
	size_t bytes;
	unsigned long at; /* read up to here */
};

/* Maps the ring of fd, which has so many bytes. 0 or -errno. */
int ring_open(struct ring *r, int fd, size_t bytes);

/*
 * Calls f for each record of n bytes that waits and was not read yet, at most for so many; others are passed over. How
 * many. What was read is given back by ring_release(): what a cell dies over before that is read again by the next.
 */
unsigned ring_read(struct ring *r, size_t n, unsigned most, void (*f)(void *ctx, const void *record), void *ctx);
void ring_release(struct ring *r);

#endif
