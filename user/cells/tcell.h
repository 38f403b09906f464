/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a T cell: the rings it reads, the posts it can have. */
#ifndef CELLWS_CELLS_TCELL_H
#define CELLWS_CELLS_TCELL_H

#include <stddef.h>
#include "shared/antigen.h"
#include "tissue/tissue.h"

/* A kernel's ring, mapped. */
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

/* The life of a T cell on its post; returns when it is over. */
void judge_live(struct tissue *t, enum post post); /* the judge or its helper */
void scribe_live(struct tissue *t);

/* Nobody can bring evidence any more, and nobody can be grown from a T cell. */
bool tcell_is_alone(const struct tissue *t);

#endif
