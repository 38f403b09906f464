/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What befalls a simulated family of hosts, and the figures that say whether it bears it without a storm. */
#ifndef CELLWS_SIMULATE_LIFE_H
#define CELLWS_SIMULATE_LIFE_H

#include "world.h"

/* X(NAME, name, "what happens"). It lasts from FROM_S to UNTIL_S; the bans go on until the end. */
#define FATES(X)                                                                                     \
	X(QUIET, quiet, "nothing")                                                                   \
	X(CHURN, churn, "each second one host of 600 dies, half of them without a farewell, and is back after 5 to 8 s") \
	X(MASS, mass, "one host of ten dies at once, without a farewell, and all are back together")  \
	X(ROOT, root, "the first host dies and comes back")                                          \
	X(TORN, torn, "of all pairs of hosts one of twenty has no way to each other")                  \
	X(BOTH, both, "hosts die as in a churn, while pairs have no way to each other")               \
	X(PARTED, parted, "the largest branch of less than half of the hosts is cut off")

enum fate_of_hosts {
#define X(NAME, name, text) FATE_##NAME,
	FATES(X)
#undef X
	FATE_COUNT
};

#define FROM_S	30u
#define UNTIL_S 60u
#define END_S	120u

struct figures {
	double mean, mean_most; /* messages per living host and second: of all seconds; in the worst second */
	uint32_t most;		/* of one host in one second */
	uint32_t median_ms, late_ms; /* until a ban has reached 99 % of the hosts: the middle one; all but one of twenty */
	uint32_t never;		/* bans that did not reach them until the end */
	uint32_t ring_s;	/* most seconds in a row with the links in a ring */
	uint32_t whole_s;	/* from UNTIL_S on until it is one tree for good */
	uint32_t minority_s;	/* ... until nobody takes itself for cut off any more */
	uint32_t trees;		/* just before UNTIL_S */
	uint32_t cut, minority;	/* hosts that are cut off, and those that know, just before UNTIL_S */
	uint32_t calls;		/* links that were begun */
	struct shape end;
};

/* Lives it; a line each second to table, unless that is NULL, and one for each ban to spread. */
struct figures life_live(enum fate_of_hosts fate, uint32_t hosts, uint64_t seed, FILE *table, FILE *spread);

const char *life_name(enum fate_of_hosts fate);

/* Asserts that there is no storm; prints each figure. The number of broken promises. */
unsigned life_check(void);

#endif
