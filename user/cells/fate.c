/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stem does next, from the census alone: vacancies first, then the pool. */
#include "cells/fate.h"

struct fate fate_of_stem(const struct census *census)
{
	/* Without blood nobody is served; without a neuron nobody refills an empty pool; drones answer what is new. */
	static const int order[] = { CLASS_BLOOD, CLASS_DRONE, CLASS_NEURON };

	for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (census[order[i]].living < census[order[i]].min)
			return (struct fate){ .act = FATE_BECOME, .class = order[i] };
	if (census[CLASS_STEM].living < census[CLASS_STEM].min)
		return (struct fate){ .act = FATE_DIVIDE, .class = CLASS_STEM };
	return (struct fate){ .act = FATE_WAIT, .class = CLASS_STEM };
}

#define SIGNAL_KILL 9u

bool fate_is_sick(const struct cell *cells, unsigned slots, int class, __u64 now_ns)
{
	unsigned deaths = 0;

	for (unsigned i = 0; i < slots; i++) {
		const struct cell *c = &cells[i];
		unsigned signal = c->exit_code & 0x7f;

		/* A cell that ended in good order, or was killed from outside, says nothing of its class. */
		if (c->state == CELL_DEAD && (int)c->class == class && signal && signal != SIGNAL_KILL &&
			now_ns - c->died_ns < SICK_NS)
			deaths++;
	}
	return deaths >= SICK_DEATHS;
}
