/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a drone: its genes, the answers it is making, the bodies and streams it holds for later. */
#ifndef CELLWS_CELLS_DRONE_H
#define CELLWS_CELLS_DRONE_H

#include <cellws/gene.h>
#include <sched.h>
#include "dna/dna.h"
#include "tissue/chart.h"
#include "tissue/tissue.h"

#define DRONE_HEAD_ROOM 8192u /* most bytes of the header lines of one answer */
#define DRONE_PARKED    64u   /* bodies being collected and answers being pulled at once by one drone */

/* A gene as it serves one route. */
struct drone_gene {
	const struct cellws_gene *gene;
	void *self;
	uint32_t hasty; /* answers in a row that were quick; see drone_is_quick() */
	uint32_t unseen; /* answers since, timed or not */
};

/* A request that is not finished in one go. */
struct parked {
	bool used;
	bool pulling;     /* else a body is being collected */
	uint32_t vessel;
	uint32_t slot;
	uint32_t route;
	char *body;
	size_t body_n;
	size_t body_room;
	void *upload;     /* what the gene's feed() has made of the body so far */
	void *pull_state;
	long (*pull)(void *pull_state, char *to, size_t room);
	void (*done_pulling)(void *pull_state);
	uint64_t left;    /* of a pulled answer of known length; CELLWS_UNKNOWN else */
};

struct drone {
	struct tissue *t;
	struct chart *chart; /* its own */
	struct drone_gene gene[DNA_ROUTES_MAX];
	struct parked parked[DRONE_PARKED];
	unsigned parked_n;
	uint32_t route; /* of the request in hand */
	uint32_t next_vessel;
	uint32_t last_vessel;
	uint32_t owed[VESSELS_MAX]; /* answers the blood cell has not been woken for yet */
	bool roams;      /* it may run on any processor it was born to */
	uint32_t beside; /* else the one it keeps to */
	uint64_t pulse_ns; /* when it showed its pulse last */
	uint64_t slept_ns; /* since then */
	uint64_t heard_ms; /* when it looked into its inbox in the middle of work */
	uint32_t strolls; /* sleeps since the last request that was not for a quick gene */
	cpu_set_t born;  /* processors it may run on */
	char head[DRONE_HEAD_ROOM];
};

/* Loads the genes of all routes from the descriptors the drone was born with. 0; or -errno, said in the log. */
int drone_load(struct drone *d);
void drone_unload(struct drone *d);

/* Answers a slot whose request is whole. body: the whole body; upload: what feed() has made of it instead. */
void drone_express(struct drone *d, uint32_t vessel, uint32_t slot, struct cellws_text body, void *upload);

/* Gives a part of a body to the gene's feed(). 0, -ENOSYS when the gene has none, or what it returned. */
int drone_feed(struct drone *d, struct parked *p);

/*
 * Waking costs more than a quick answer takes, so the bell is rung once for several: when nothing more waits, after
 * DRONE_OWED_MAX answers, and always before a request to a gene that has not been quick lately.
 */
#define DRONE_OWED_MAX 16u
void drone_ring(struct drone *d);
bool drone_is_quick(const struct drone_gene *g);

/* Moves a slot on; the blood cell is woken by drone_ring(). */
void drone_answer(struct drone *d, uint32_t vessel, uint32_t slot, uint32_t to);

/* Answers with a status and a short text. */
void drone_fail(struct drone *d, uint32_t vessel, uint32_t slot, int status);

/* Writes the next piece of a pulled answer; ends it when it is complete, broken, or the client is gone. */
void drone_pull(struct drone *d, struct parked *p);

struct parked *drone_park(struct drone *d, uint32_t vessel, uint32_t slot);
void drone_unpark(struct drone *d, struct parked *p);

/*
 * Where a drone runs (drone_place.c). One whose genes are quick keeps to the processor of the blood cell it works for:
 * to be woken on another costs more than such a gene does. The first gene that is not quick sets it free.
 */
void drone_place_init(struct drone *d);
void drone_follow(struct drone *d, uint32_t vessel);
void drone_roam(struct drone *d);

#endif
