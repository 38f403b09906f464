/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stem: waits for a vacancy. Never touches the network; ends as another class, for good. */
#include "cells/cell.h"
#include "cells/fate.h"

#include <errno.h>

#define STEM_SICK_MS  250 /* before a class that keeps dying is tried again */
#define STEM_RETRY_MS 100 /* after the system had no room for a daughter */

/* Reads the census as it is this moment; the kernel refuses what is out of date. */
static struct fate stem_look(const struct tissue *t)
{
	struct census now[CLASS_COUNT];
	struct fate fate;

	for (int i = 0; i < CLASS_COUNT; i++) {
		now[i].living = t->census[i].living;
		now[i].min = t->census[i].min;
		now[i].max = t->census[i].max;
	}
	fate = fate_of_stem(now);
	fate.seen = now[fate.class].living;
	return fate;
}

/*
 * A drone leaves the shared table and can never be anything else again. So that the last cell that can grow the others is
 * not spent on it, the stem leaves a daughter in the pool first. Returns as cell_divide, 0 also when the pool is full.
 */
static int stem_leave_daughter(struct tissue *t, int class)
{
	uint32_t stems = t->census[CLASS_STEM].living;

	return class == CLASS_DRONE && stems <= t->census[CLASS_STEM].min ? cell_divide(t, CLASS_STEM, stems) : 0;
}

static bool stem_sees_sickness(const struct tissue *t, int class)
{
	struct cell cells[CELL_SLOTS_MAX];

	for (uint32_t s = 0; s < t->plan->slots; s++)
		cells[s] = t->cells[s];
	return fate_is_sick(cells, t->plan->slots, class, clock_boot_ns());
}

/* Acts on what it sees. Returns the class to live as now, or CLASS_STEM to wait; *again: look once more. */
static int stem_act(struct tissue *t, bool *again, int *timeout)
{
	struct fate fate = stem_look(t);
	int result = -EPERM;

	*again = false;
	*timeout = -1;
	if (fate.act == FATE_BECOME && stem_sees_sickness(t, fate.class)) {
		*timeout = STEM_SICK_MS;
		return CLASS_STEM;
	}
	if (fate.act == FATE_BECOME) {
		result = stem_leave_daughter(t, fate.class);
		if (result == 0)
			result = cell_become(t, fate.class, fate.seen);
		if (result == 0)
			return fate.class;
		*again = result == 1; /* the daughter looks for herself */
	} else if (fate.act == FATE_DIVIDE) {
		result = cell_divide(t, CLASS_STEM, fate.seen);
		*again = result >= 0; /* the mother counts anew, the daughter looks for the first time */
	} else {
		return CLASS_STEM;
	}
	if (result == -EAGAIN)
		*again = true;
	else if (result < 0 && result != -EPERM)
		*timeout = STEM_RETRY_MS;
	return CLASS_STEM;
}

int stem_live(struct tissue *t)
{
	struct epoll_event e;

	while (!cell_leaving) {
		bool again;
		int timeout;
		int class = stem_act(t, &again, &timeout);

		if (class != CLASS_STEM)
			return class;
		if (again)
			continue;
		/* Looked up each time: after a division this may be the daughter, in another slot. */
		if (cell_wait(plan_nest(t->plan, t->slot), &e, 1, timeout) > 0)
			cell_clear_nest(t);
	}
	return CLASS_NONE;
}
