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
