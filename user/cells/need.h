/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many cells the neuron wants, from what it measures, and which signal says so: pure functions of numbers and a time. */
#ifndef CELLWS_CELLS_NEED_H
#define CELLWS_CELLS_NEED_H

#include <stdbool.h>
#include <stdint.h>
#include "shared/hormone.h"

/*
 * Levels and strengths are q16: 65536 is 1.0. The net level of a class is growth minus antigrowth, at least 0, as a direct
 * relative of the neuron holds it; a cell at two hops holds attenuation times that. Cells divide with the probability
 * (net - divide) / (1 - divide) and leave with (die - net) / die, each time they look (user/cells/fate.h); so the net
 * level is chosen for the expected number of births or ends until the next tick to be what is lacking or too much.
 */

#define NEED_TICK_MS 100u /* the neuron measures, and a cell looks, once in this time */

/* What is measured of one class at one tick. */
struct need_sample {
	uint32_t living, min, max;     /* of the class */
	uint32_t far;                  /* living ones at more than one hop from the neuron */
	uint32_t listeners;            /* who can answer a growth signal: direct relatives out of refractory time, and stems */
	uint32_t busy_permille;        /* mean of the class's pulses, 0..1000 */
	uint32_t queued;               /* drones: requests that wait for one */
	uint32_t taken;                /* drones: cells at a request this moment */
	uint32_t oldest_ms;            /* drones: age of the oldest queued request */
	uint32_t backlog;              /* blood: connections not yet accepted */
	uint32_t psi_cpu_permille;     /* /proc/pressure/cpu, some avg10, 0..1000 */
	uint32_t psi_memory_permille;  /* /proc/pressure/memory, full avg10, 0..1000 */
	uint32_t attack_permille;      /* part of the load that the immune system calls an attack, 0..1000 */
	bool over_budget;              /* more memory in use than the DNA allows */
	bool sick;                     /* newborns die young: fate_is_sick() */
};

/* From the constitution and the DNA. Fractions in q16, below 1; die < divide. */
struct need_rules {
	uint32_t divide_q16;
	uint32_t die_q16;
	uint32_t attenuation_q16; /* above 0 */
	uint32_t floor_q16;       /* weaker signals are not relayed */
	uint32_t half_life_ms;    /* at least 1 */
	uint32_t queue_ms;        /* an older request begins a shortage */
};

#define NEED_QUEUE_MS 10u /* queue_ms where the DNA says nothing */

/* The rules that the constitution contains, with NEED_QUEUE_MS. */
struct need_rules need_rules_of(const struct constitution *c);

#define NEED_BUCKETS 6u /* of NEED_BUCKET_MS each: a demand is remembered for 3 s */
#define NEED_BUCKET_MS 500u
#define NEED_STANDING 3u /* ticks in which a queue must never have been empty to be a standing one */

/* What is remembered of one class between ticks. All zero at first. Times in ms of the caller's clock, 0: never. */
struct need {
	uint32_t want[NEED_BUCKETS]; /* most cells wanted, by time */
	uint64_t bucket;             /* number of the newest bucket, now_ms / NEED_BUCKET_MS */
	uint32_t queued[NEED_STANDING];
	uint32_t ticks;
	uint64_t begun_ms;   /* first tick */
	uint64_t short_ms;   /* drones: last sign of a shortage that is not over */
	uint64_t hot_ms;     /* blood: busy since */
	uint64_t cool_ms;    /* blood: too many since */
	uint32_t backlogged; /* blood: ticks in a row with a backlog */
	uint32_t living;     /* at the last tick */
	uint32_t wanted_q16; /* the last answer, and when */
	uint64_t wanted_ms;
	uint32_t backoff_ms; /* how long the present pause of growth is, and its end */
	uint64_t backoff_until_ms;
};

/*
 * The net level wanted of the class, in q16. Call once per tick; now_ms never goes back and is above 0.
 * Drones are short when the oldest queued request is older than queue_ms and at least 70 % of them are busy, and remain so
 * while the queue stands; too many only above the most that were wanted in the last 3 s, a quarter and one.
 * Pressure on CPU takes growth away from 60 % on, all of it at 95 %; pressure on memory, sickness and attacks as well.
 */
uint32_t need_drones(struct need *n, const struct need_sample *s, const struct need_rules *r, uint64_t now_ms);

/*
 * Blood: one more when all are busy 85 % of 300 ms or connections wait for two ticks in a row; one less when the work of
 * all would leave one fewer half idle, for 10 s.
 */
uint32_t need_blood(struct need *n, const struct need_sample *s, const struct need_rules *r, uint64_t now_ms);

/*
 * What to secrete so that relatives who hold growth_now and anti_now come to the net level want. At most one of *growth
 * and *anti is above 0, none is above cap (potency of the class) or what a level has room for below 1. Differences below
 * 1/512 are left alone.
 */
void need_signal(uint32_t want_q16, uint32_t growth_now_q16, uint32_t anti_now_q16, uint32_t cap_q16,
	uint32_t *growth_q16, uint32_t *anti_q16);

/*
 * Whether the neuron may stop ticking until something happens: both classes at their minimum, no work, and what is left of
 * the signals (net level of either class, the higher one) makes nobody divide: below die.
 */
bool need_is_calm(const struct need_sample *drones, const struct need_sample *blood, uint32_t net_q16,
	const struct need_rules *r);

#endif
