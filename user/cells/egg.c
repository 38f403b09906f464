/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The egg: asleep on the listeners. Touches nothing of a client; ends as the neuron at the first request or call for growth. */
#include "cells/cell.h"
#include "cells/choice.h"
#include "cells/mutation.h"
#include "cells/signal.h"

#include <errno.h>

#define EGG_SICK_MS  250 /* before another gamete is tried, when they keep dying */
#define EGG_RETRY_MS 100 /* after the system had no room for one */

/* One daughter; in her, she goes on as a stem that finds its class vacant. */
static int egg_bear(struct tissue *t)
{
	int born;

	do
		born = cell_divide(t, CLASS_STEM, t->census[CLASS_STEM].living);
	while (born == -EAGAIN);
	return born;
}

/* Links to other hosts are kept while all others sleep; a stem that lives now is on its way to that. */
static bool egg_lacks_gamete(const struct tissue *t)
{
	return t->pair && t->census[CLASS_GAMETE].living < t->census[CLASS_GAMETE].min && !t->census[CLASS_STEM].living;
}

/* 1 in the daughter; *timeout: when to try again. */
static int egg_bear_gamete(struct tissue *t, int *timeout)
{
	int born = 0;

	*timeout = choice_sees_sickness(t, CLASS_GAMETE) ? EGG_SICK_MS : -1;
	if (*timeout < 0)
		born = egg_bear(t);
	if (born < 0)
		*timeout = EGG_RETRY_MS;
	return born;
}

/* Without a stem's choice: it would find that blood is lacking, too. */
static int egg_daughter_becomes_gamete(struct tissue *t)
{
	int error;

	do
		error = cell_become(t, CLASS_GAMETE, t->census[CLASS_GAMETE].living);
	while (error == -EAGAIN);
	return error ? CLASS_NONE : CLASS_GAMETE;
}

/* Somebody wants more cells: a signal, from another host or by hand, or evidence that nobody judges. */
static bool egg_is_called(const struct tissue *t)
{
	return signal_net(t, CLASS_BLOOD) || signal_net(t, CLASS_DRONE) ||
	       t->census[CLASS_TCELL].living < t->census[CLASS_TCELL].min;
}

/* Until somebody knocks or calls, no timer runs. CLASS_EGG: awake; CLASS_GAMETE: this is a daughter now; CLASS_NONE: the end. */
static int egg_sleep(struct tissue *t)
{
	int nest = plan_nest(t->plan, t->slot), timeout = -1;
	struct epoll_event e;

	while (!cell_leaving) {
		if (egg_lacks_gamete(t) && egg_bear_gamete(t, &timeout) == 1)
			return egg_daughter_becomes_gamete(t);
		if (cell_wait(nest, &e, 1, timeout) == 1) {
			if (e.data.u32 == EVENT_ARTERY)
				return CLASS_EGG;
			cell_clear_nest(t);
			mutation_follow(t);
		}
		if (egg_is_called(t))
			return CLASS_EGG;
		timeout = -1;
	}
	return CLASS_NONE;
}

int egg_live(struct tissue *t)
{
	uint32_t daughters = 2 + t->germ->dna.stem_min;
	int nest = plan_nest(t->plan, t->slot), class = egg_sleep(t);
	bool called;

	if (class != CLASS_EGG)
		return class;
	called = egg_is_called(t);
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
	tissue_log(t, "awake: %s", called ? "more cells are called for" : "the first request");
	return CLASS_NEURON;
}
