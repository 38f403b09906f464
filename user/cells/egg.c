/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The egg: asleep on the listeners. Touches nothing of a client; ends as the neuron at the first request. */
#include "cells/cell.h"
#include "cells/fate.h"
#include "cells/mutation.h"

#include <errno.h>

/* Until somebody knocks, no timer runs. */
static bool egg_sleep(struct tissue *t)
{
	int nest = plan_nest(t->plan, t->slot);
	struct epoll_event e;

	/* Other hosts may call at any time: then nobody sleeps. */
	if (t->pair)
		return !cell_leaving;
	while (!cell_leaving)
		if (cell_wait(nest, &e, 1, -1) == 1) {
			if (e.data.u32 == EVENT_ARTERY)
				return true;
			cell_clear_nest(t);
			mutation_follow(t);
		}
	return false;
}

/* One daughter; in her, she goes on as a stem that finds its class vacant. */
static int egg_bear(struct tissue *t)
{
	int born;

	do
		born = cell_divide(t, CLASS_STEM, t->census[CLASS_STEM].living);
	while (born == -EAGAIN);
	return born;
}

int egg_live(struct tissue *t)
{
	uint32_t daughters = 2 + t->germ->dna.stem_min;
	int nest = plan_nest(t->plan, t->slot);

	if (!egg_sleep(t))
		return CLASS_NONE;
	for (uint32_t v = 0; v < t->plan->vessels; v++)
		epoll_ctl(nest, EPOLL_CTL_DEL, plan_artery(t->plan, v), NULL);
	for (uint32_t i = 0; i < daughters; i++) {
		int born = egg_bear(t);

		if (born == 1)
			return CLASS_STEM;
		if (born < 0) {
			tissue_log(t, "cannot divide: error %d; going on with %u daughters", -born, i);
			break;
		}
	}
	cw_assert(cell_become(t, CLASS_NEURON, t->census[CLASS_NEURON].living) == 0);
	tissue_log(t, "%s", t->pair ? "awake for links to other hosts" : "awake after the first request");
	return CLASS_NEURON;
}
