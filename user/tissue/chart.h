/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The chart: what each drone says of itself, in memory that all can read and, of the drones, only its own can write. */
#ifndef CELLWS_TISSUE_CHART_H
#define CELLWS_TISSUE_CHART_H

#include "tissue/answer.h"
#include "tissue/plan.h"

#define CHART_LINES 464u /* header lines of an answer that are vouched for; of most answers all */

/*
 * What a drone has put into one slot of one vessel. word: that of the slot when it was answered, but for its state; 0
 * while it is written. Nothing here was read from the slot, where others can write.
 */
struct chart_answer {
	_Atomic uint64_t word;
	struct answer_said said;
	uint32_t seen; /* bytes of lines */
	uint32_t pad;
	char lines[CHART_LINES];
};
_Static_assert(sizeof(struct chart_answer) == 512, "eight answers a page");

#define CHART_PAGE 65536u /* the largest page a kernel may have: a chart is mapped by itself */

/*
 * The chart of a cell slot. Writer: the drone that lives there. Pages are touched as answers go through slots; the file
 * that holds all charts is sparse.
 */
struct chart {
	_Atomic uint32_t id;   /* of the drone that speaks */
	uint32_t pad0;
	_Atomic uint64_t work; /* since when (clock_ms) << 8 | route; 0: nothing in hand */
	uint8_t pad1[CHART_PAGE - 16];
	struct chart_answer answer[VESSELS_MAX][SYNAPSE_SLOTS];
};
_Static_assert(sizeof(struct chart) % CHART_PAGE == 0, "charts begin on pages");

/* A memory file for so many charts, whose size nobody can change. A descriptor, or -errno. */
int chart_memfd(uint32_t slots);

/*
 * Maps all charts through a description of their own that cannot write, so that no mprotect(2) can either. NULL and errno
 * on failure. Needs /proc, and a process that may still open files.
 */
const struct chart *chart_map(int fd, uint32_t slots);

/* Maps the chart of one slot for writing. NULL and errno. */
struct chart *chart_own(int fd, uint32_t slot);

/* Drone: nothing that was written before counts as its own. */
void chart_begin(struct chart *c, uint32_t id);

/* Drone: from now_ms on it works for a route; and it has nothing in hand. */
static inline void chart_busy(struct chart *c, uint32_t route, uint64_t now_ms)
{
	atomic_store_explicit(&c->work, now_ms << 8 | (route & 0xff), memory_order_release);
}

static inline void chart_idle(struct chart *c)
{
	atomic_store_explicit(&c->work, 0, memory_order_release);
}

/* Drone: vouches for an answer it is about to give; lines: head_len bytes. word: slot_word() with its ticket and id. */
void chart_vouch(struct chart *c, uint32_t vessel, uint32_t slot, uint64_t word, const struct answer_said *said,
	const char *lines);
/* The same for a further piece of one it has vouched for. */
void chart_vouch_piece(struct chart *c, uint32_t vessel, uint32_t slot, uint32_t kind, uint32_t body_len);

/* What drone id says it has in hand. False when it says that it has nothing, or another drone speaks. */
bool chart_work(const struct chart *c, uint32_t id, uint64_t *since_ms, uint32_t *route);

/* What a drone has vouched for in a slot with this word, whose state does not matter; as it stood at one moment. */
bool chart_look(const struct chart *c, uint32_t vessel, uint32_t slot, uint64_t word, struct chart_answer *to);

#endif
