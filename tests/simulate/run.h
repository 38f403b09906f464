/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One run of a simulated colony under one load, and the figures that say whether it settled. */
#ifndef CELLWS_SIMULATE_RUN_H
#define CELLWS_SIMULATE_RUN_H

#include <stdio.h>
#include "colony.h"

/* X(NAME, name, "what the clients do"). The load lasts from LOAD_FROM_MS to the run's load_ms later. */
#define LOADS(X)                                                   \
	X(STEP, step, "all connections at once")                   \
	X(RAMP, ramp, "one after the other, up and down again")    \
	X(SINE, sine, "between none and all, two waves")           \
	X(TURNS, turns, "all or none, by turns, twice")            \
	X(NOISE, noise, "another quarter to all every 200 ms")

enum load {
#define X(NAME, name, text) LOAD_##NAME,
	LOADS(X)
#undef X
	LOAD_COUNT
};

#define LOAD_FROM_MS 1000u

struct run {
	struct colony_rules rules;
	enum load load;
	uint32_t connections; /* at the load's peak */
	uint32_t load_ms;     /* how long it lasts */
	uint32_t rest_ms;     /* how long the colony is watched after it */
	uint64_t seed;
};

/* Of drones. Times in ms, NEVER when it did not happen. */
#define NEVER UINT32_MAX

struct figures {
	uint32_t second_ms;  /* from the load's begin to the second drone */
	uint32_t most_ms;    /* ... to 80 % of the connections */
	uint32_t settled_ms; /* ... to the last time that their number left the band it keeps until the load's end */
	uint32_t least, most; /* drones in the second half of the load */
	uint32_t peak;       /* most drones ever */
	uint32_t back_ms;    /* from the load's end to two more than the minimum at most */
	uint32_t births, ends; /* in the second half of the load */
	uint32_t wait_ms;    /* oldest request in the second half of the load */
};

/* The rules of dna.conf's hormones, one drone to 32, three stems, requests of 20 ms. */
struct colony_rules run_rules(void);

/* A step of so many connections, drones up to a third more. */
struct run run_of(enum load load, uint32_t connections);

/* Lives the run; writes one line each 50 ms to table unless that is NULL: see run_columns. */
struct figures run_live(const struct run *run, FILE *table);

extern const char run_columns[];

const char *load_name(enum load load);

/* Writes for each value of attenuation, half-life and refractory time how the colony settles. Returns 0 or -errno. */
int sweep_write(const char *directory);

/* Asserts how colonies settle; prints each figure. Returns the number of broken promises. */
unsigned check_settling(void);

#endif
