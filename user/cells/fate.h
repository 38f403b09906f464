/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a cell does next, from the census and the signals it has heard: pure functions. */
#ifndef CELLWS_CELLS_FATE_H
#define CELLWS_CELLS_FATE_H

#include <stdbool.h>
#include "shared/hormone.h"

enum fate_act {
	FATE_WAIT,
	FATE_BECOME,
	FATE_DIVIDE,
	FATE_LEAVE, /* finish what is at hand, then end */
};

struct fate {
	enum fate_act act;
	int class;
	__u32 seen; /* how many of the class lived */
};

/*
 * A stem's first question. census: by class, CLASS_COUNT entries. The most needed class first; a full pool and full minima
 * mean waiting. Stems divide to fill the pool only when no neuron lives, who bears them otherwise.
 */
struct fate fate_of_stem(const struct census *census);

/* What signals may do. From the constitution and the DNA. Fractions in q16, die < divide < 1. */
struct fate_rules {
	__u32 divide_q16;
	__u32 die_q16;
	__u32 refractory_ms; /* of grown cells, after birth and after each division */
	__u32 settle_ms;     /* of stems, after birth */
	__u32 cells_max;     /* of the host, all classes together */
};

/* A cell looks when it takes a signal in, and by itself, but at most once in this time: chances are made for that. */
#define FATE_LOOK_MS   100u
#define FATE_SETTLE_MS 100u

/*
 * A stem's second question, once no class is below its minimum: which class signals call for. net_q16: by class,
 * CLASS_COUNT entries, growth minus antigrowth (fate_net). Among those above divide and below their maximum one is drawn,
 * by weight of its level, and becomes the stem's with probability (net - divide) / (1 - divide). random: all 32 bits are
 * used. since_birth_ms: younger than settle_ms means waiting. Answers FATE_BECOME or FATE_WAIT.
 */
struct fate fate_of_stem_by_signal(const __u32 *net_q16, const struct census *census, const struct fate_rules *rules,
	__u32 random, __u64 since_birth_ms);

/*
 * What a drone or blood cell does; all others wait. rested_ms: since its birth (as this class) or last division, the later;
 * it waits for the refractory time and up to half of that more, by chance. net_q16 of its own class: from divide on it
 * divides with probability (net - divide) / (1 - divide), below the maxima of class and host; under die it leaves with
 * probability (die - net) / die, above the minimum. The caller must be at no request. Answers FATE_DIVIDE, FATE_LEAVE or
 * FATE_WAIT, always with the cell's own class.
 */
struct fate fate_of_grown(int class, __u32 net_q16, const struct census *census, const struct fate_rules *rules,
	__u32 random, __u64 rested_ms);

static inline __u32 fate_net(__u32 growth_q16, __u32 antigrowth_q16)
{
	return growth_q16 > antigrowth_q16 ? growth_q16 - antigrowth_q16 : 0;
}

/* Own-fault deaths of a class within SICK_NS that make stems wait before they become it: a gene may be killing them all. */
#define SICK_DEATHS 3u
#define SICK_NS     1000000000ull

/*
 * Whether a class is dying faster than it should, by other signals than SIGKILL. cells: `slots` records; now_ns: boot
 * clock.
 */
bool fate_is_sick(const struct cell *cells, unsigned slots, int class, __u64 now_ns);

#endif
