/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A simulated organism: its family tree, its signals and its load, with the decisions of the real cells, ms by ms. */
#ifndef CELLWS_SIMULATE_COLONY_H
#define CELLWS_SIMULATE_COLONY_H

#include "cells/fate.h"
#include "cells/need.h"

#define NOBODY      UINT32_MAX
#define CALENDAR_MS 1024u /* events lie less than this ahead */

struct colony_rules {
	struct constitution c; /* the fields that fade, attenuate and decide */
	uint32_t drone_min, drone_max, stem_min;
	uint32_t service_ms;   /* a request holds its drone for this long, a tenth more or less; below CALENDAR_MS / 2 */
	bool inherit;          /* a daughter begins with her mother's levels, attenuated for the hop between them */
};

/* One cell. Drones and stems decide; the neuron, cell 0, measures and bears stems. */
struct one {
	int class; /* CLASS_NONE: free */
	uint32_t serial; /* new with each tenant of the place */
	uint32_t mother, child, sister; /* places; child: the youngest, sister: the next older */
	uint32_t hops; /* from the neuron */
	uint32_t born_ms, rested_ms;
	uint32_t answers_ms; /* while busy: end of the request */
	bool busy;
	struct receptor growth, anti; /* of class drone; at_ns counts simulated time */
};

enum kind { ANSWERED, LOOK, HEARD };

struct happening {
	enum kind what;
	uint32_t place, serial;
	uint32_t growth_q16, anti_q16, hops; /* of HEARD */
};

struct day {
	struct happening *event;
	uint32_t n, room;
};

struct place {
	uint32_t place, serial;
};

struct colony {
	struct colony_rules rules;
	struct fate_rules fate;
	struct need_rules need_rules;
	struct need need;
	uint32_t now_ms;
	uint64_t random;
	struct one *cell;
	uint32_t places, used; /* room, and places that were ever used */
	uint32_t *free, frees;
	struct place *idle;    /* drones without a request; stale entries are passed over */
	uint32_t idles, idle_room;
	struct census census[CLASS_COUNT];
	struct day day[CALENDAR_MS];
	uint32_t *queue, queue_room, queue_at, queued; /* birth times of waiting requests, a ring */
	uint32_t open, wanted_open;                    /* connections: each has one request, waiting or at a drone */
	uint32_t taken;
	bool asleep;           /* the neuron has nothing to look after */
	uint32_t tick_ms;      /* its next tick */
};

/* rules are copied. seed: same seed, same life. */
void colony_init(struct colony *c, const struct colony_rules *rules, uint64_t seed);
void colony_done(struct colony *c);

/* Lives one ms with so many connections, each asking again as soon as it is answered. */
void colony_step(struct colony *c, uint32_t connections);

uint32_t colony_random(struct colony *c);
uint32_t colony_oldest_ms(const struct colony *c);

/* The net level that cell holds now, in q16. */
uint32_t colony_net(const struct colony *c, const struct one *one);

/* family.c: who lives, and what they hear. */
uint32_t family_bear(struct colony *c, uint32_t mother, int class);
void family_bury(struct colony *c, uint32_t place);
void family_expect(struct colony *c, uint32_t in_ms, struct happening e);
void family_secrete(struct colony *c, uint32_t growth_q16, uint32_t anti_q16);
void family_hear(struct colony *c, const struct happening *e);
void family_idle(struct colony *c, uint32_t place);

#endif
