/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a cell looks at before it votes against another: only what the kernel wrote, or what all can read for themselves. */
#ifndef CELLWS_CELLS_EVIDENCE_H
#define CELLWS_CELLS_EVIDENCE_H

#include <stdbool.h>
#include "tissue/chart.h"
#include "tissue/tissue.h"

/* A question to the cell of that id is open, and older than answer_ms. now_ns: boot clock. Pure. */
bool evidence_overdue(const struct proof *p, uint32_t id, uint32_t answer_ms, uint64_t now_ns);

/* The cell has answered, and what it answered is not what the key makes of the question. Pure. */
bool evidence_wrong(const struct proof *p, const struct cell *c, const uint8_t *key);

/* The kernel has counted more pages for the cell of that id than limit; 0 is no limit. Pure. */
bool evidence_fat(const struct pulse *p, uint32_t id, uint32_t limit);

/* What a drone says it has in hand, in its own chart, where nobody else can have written it. */
enum held {
	HELD_NOTHING,
	HELD_IN_TIME,
	HELD_TOO_LONG, /* for longer than its route allows */
};

/* worked_ms: for how long, if anything. What cannot be, like a route there is not, is nothing. Pure but for the chart. */
enum held evidence_held(const struct chart *c, uint32_t id, const struct dna *dna, uint64_t now_ms, uint64_t *worked_ms);

/*
 * Whether a drone that was asked asked_ms ago, and has not answered, is at a request and in time: it answers between
 * requests. One that has begun another long after it was asked has had the time. Pure but for the chart.
 */
bool evidence_excused(const struct chart *c, uint32_t id, const struct dna *dna, uint64_t now_ms, uint64_t asked_ms, uint32_t answer_ms);

/*
 * The first fault of an answer that stands in the synapse under the name of drone id, and that its own chart vouches for;
 * ANSWER_SOUND when there is none. The slots only say where to look. Pure but for the shared memory.
 */
enum answer_fault evidence_fault(const struct synapse *s, const struct chart *c, uint32_t vessel, uint32_t id);

/* Whether what this cell can see bears out the accusation. target: id. */
bool evidence_look(const struct tissue *t, uint32_t target, uint32_t reason);

#endif
