/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a cell looks at before it votes against another: only what the kernel wrote, or what all can read for themselves. */
#ifndef CELLWS_CELLS_EVIDENCE_H
#define CELLWS_CELLS_EVIDENCE_H

#include <stdbool.h>
#include "tissue/synapse.h"
#include "tissue/tissue.h"

/* A question to the cell of that id is open, and older than answer_ms. now_ns: boot clock. Pure. */
bool evidence_overdue(const struct proof *p, uint32_t id, uint32_t answer_ms, uint64_t now_ns);

/* The cell has answered, and what it answered is not what the key makes of the question. Pure. */
bool evidence_wrong(const struct proof *p, const struct cell *c, const uint8_t *key);

/* The kernel has counted more pages for the cell of that id than limit; 0 is no limit. Pure. */
bool evidence_fat(const struct pulse *p, uint32_t id, uint32_t limit);

/* How long a drone has held the request it has held longest beyond what its route allows, and the route; -1: none. */
enum held {
	HELD_NOTHING,
	HELD_IN_TIME,
	HELD_TOO_LONG,
};

/* What drone id holds in one synapse, by the routes' deadlines. Pure but for the shared memory it reads. */
enum held evidence_held(const struct synapse *s, uint32_t id, const struct dna *dna, uint64_t now_ms);

/* Whether what this cell can see bears out the accusation. target: id. */
bool evidence_look(const struct tissue *t, uint32_t target, uint32_t reason);

#endif
