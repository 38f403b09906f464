/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stem: waits for a vacancy. Never touches the network; ends as another class, for good. */
#include "cells/cell.h"
#include "cells/choice.h"
#include "cells/mutation.h"
#include "cells/signal.h"

#include <errno.h>

#define STEM_SICK_MS  250 /* before a class that keeps dying is tried again */
#define STEM_RETRY_MS 100 /* after the system had no room for a daughter */

static bool is_for_good(int class)
{
	return class == CLASS_DRONE || class == CLASS_TCELL || class == CLASS_GAMETE;
}

/*
 * Some leave the shared table and can never be anything else again. So that the last cell that can grow the others is not
 * spent on one, the stem leaves a daughter in the pool first; the last stem in any case, since who tends the pool may be
 * dying at this very moment. Returns as cell_divide, 0 also when the pool is full.
 */
static int stem_leave_daughter(struct tissue *t, int class)
{
	uint32_t stems = t->census[CLASS_STEM].living;
	/* The egg is about to be the neuron. */
	bool tended = t->census[CLASS_NEURON].living || t->census[CLASS_EGG].living;

	if (!is_for_good(class) || (stems > 1 && (tended || stems > t->census[CLASS_STEM].min)))
		return 0;
	return cell_divide(t, CLASS_STEM, stems);
}

/* Acts on what it sees. Returns the class to live as now, or CLASS_STEM to wait; *again: look once more. */
static int stem_act(struct tissue *t, bool *again, int *timeout)
{
	struct fate fate = choice_of_stem(t, timeout);
	int result = -EPERM;

	*again = false;
	if (fate.act == FATE_BECOME && choice_sees_sickness(t, fate.class)) {
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
		int timeout, class;

		mutation_follow(t);
		class = stem_act(t, &again, &timeout);

		if (class != CLASS_STEM)
			return class;
		if (again)
			continue;
		/* Looked up each time: after a division this may be the daughter, in another slot. */
		if (cell_wait(plan_nest(t->plan, t->slot), &e, 1, timeout) > 0)
			cell_clear_nest(t);
		signal_take(t);
	}
	return CLASS_NONE;
}
