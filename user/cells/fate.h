/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stem does next, from the census alone: a pure function. */
#ifndef CELLWS_CELLS_FATE_H
#define CELLWS_CELLS_FATE_H

#include <stdbool.h>
#include "shared/cell.h"

enum fate_act {
	FATE_WAIT,
	FATE_BECOME,
	FATE_DIVIDE,
};

struct fate {
	enum fate_act act;
	int class;
	__u32 seen; /* how many of the class lived */
};

/* census: by class, CLASS_COUNT entries. The most needed class first; a full pool and full minima mean waiting. */
struct fate fate_of_stem(const struct census *census);

/* Own-fault deaths of a class within SICK_NS that make stems wait before they become it: a gene may be killing them all. */
#define SICK_DEATHS 3u
#define SICK_NS     1000000000ull

/*
 * Whether a class is dying faster than it should, by other signals than SIGKILL. cells: `slots` records; now_ns: boot
 * clock.
 */
bool fate_is_sick(const struct cell *cells, unsigned slots, int class, __u64 now_ns);

#endif
