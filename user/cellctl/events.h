/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What has happened in an organism, as the kernel's programs note it: taken from their ring, put into words and JSON. */
#ifndef CELLWS_CELLCTL_EVENTS_H
#define CELLWS_CELLCTL_EVENTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include "shared/hormone.h"

enum event_found {
	EVENT_WHOLE,
	EVENT_NOT_YET, /* it has not happened, or is being written this moment */
	EVENT_MISSED,  /* a later one stands in its place */
};

/* The highest number in a ring of EVENTS_MAX; 0: nothing has happened yet. */
uint64_t events_newest(const volatile struct event *ring);

/*
 * Takes the event of that number (from 1 on) out of a ring that others write to meanwhile: its number is read before and
 * after the rest, which the writer changes only while the number is 0. to is whole only with EVENT_WHOLE.
 */
enum event_found events_read(const volatile struct event *ring, uint64_t seq, struct event *to);

/* A reader that follows a ring. */
struct events_reader {
	const volatile struct event *ring;
	uint64_t next; /* number wanted next, from 1 on */
};

/*
 * The next event. 1: in *to. 0: there is none for now. -1: some were overwritten before they could be read; *missed
 * says how many, and the reader goes on behind them.
 */
int events_next(struct events_reader *r, struct event *to, uint64_t *missed);

/* "birth", "death", ...; "unknown". */
const char *event_name(uint32_t kind);

/*
 * One line of plain English, such as "drone 3 was condemned by 2 of 3: a request has been held longer than its route
 * allows". cells: the records by slot, which tell the class of a cell that is only named by its id. Pure.
 */
void events_write(const struct event *e, const volatile struct cell *cells, char *to, size_t room);

/*
 * The same as an object: time (seconds since 1970, as given), seq, event, slot, id, class (null for what no cell did), what
 * belongs to the kind of event (mother, from, signal or code, child, of, strength, target, reason, votes, electorate, answer,
 * hormone, pid, what, source, by, ttl_s, offence, reason, hostile, per_s,
 * threshold), and text. A new reference. Pure.
 */
json_t *events_json(const struct event *e, const volatile struct cell *cells, double time);

#endif
