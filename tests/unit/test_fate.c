/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stem does next, for every shortage. */
#include "cells/fate.h"

#include <criterion/criterion.h>

static struct fate fate_with(unsigned neuron, unsigned blood, unsigned drone, unsigned stem)
{
	struct census c[CLASS_COUNT] = {
		[CLASS_NEURON] = { .living = neuron, .min = 1, .max = 1 },
		[CLASS_BLOOD] = { .living = blood, .min = 2, .max = 4 },
		[CLASS_DRONE] = { .living = drone, .min = 2, .max = 8 },
		[CLASS_STEM] = { .living = stem, .min = 3, .max = 5 },
	};

	return fate_of_stem(c);
}

static void expect(struct fate f, enum fate_act act, int class)
{
	cr_assert_eq(f.act, act);
	cr_assert_eq(f.class, class);
}

Test(fate, a_full_family_means_waiting)
{
	expect(fate_with(1, 2, 2, 3), FATE_WAIT, CLASS_STEM);
	expect(fate_with(1, 4, 8, 5), FATE_WAIT, CLASS_STEM);
}

Test(fate, each_vacancy_is_filled)
{
	expect(fate_with(1, 1, 2, 3), FATE_BECOME, CLASS_BLOOD);
	expect(fate_with(1, 2, 0, 3), FATE_BECOME, CLASS_DRONE);
	expect(fate_with(0, 2, 2, 3), FATE_BECOME, CLASS_NEURON);
}

Test(fate, blood_comes_first_then_drones_then_the_neuron)
{
	expect(fate_with(0, 0, 0, 1), FATE_BECOME, CLASS_BLOOD);
	expect(fate_with(0, 2, 0, 1), FATE_BECOME, CLASS_DRONE);
}

Test(fate, a_short_pool_is_refilled_when_nothing_else_lacks)
{
	expect(fate_with(1, 2, 2, 2), FATE_DIVIDE, CLASS_STEM);
	expect(fate_with(1, 1, 2, 1), FATE_BECOME, CLASS_BLOOD);
}

#define NOW 100000000000ull

static void die(struct cell *c, int class, unsigned code, __u64 ago_ns)
{
	*c = (struct cell){ .class = (__u32)class, .state = CELL_DEAD, .exit_code = code, .died_ns = NOW - ago_ns };
}

Test(fate, a_class_that_keeps_crashing_is_sick)
{
	struct cell cells[8] = { 0 };

	for (int i = 0; i < 3; i++)
		die(&cells[i], CLASS_DRONE, 11, 1000);
	cr_assert(fate_is_sick(cells, 8, CLASS_DRONE, NOW));
	cr_assert(!fate_is_sick(cells, 8, CLASS_BLOOD, NOW));
	cr_assert(!fate_is_sick(cells, 2, CLASS_DRONE, NOW));
}

Test(fate, kills_ends_and_old_deaths_are_no_sickness)
{
	struct cell cells[9] = { 0 };

	for (int i = 0; i < 3; i++) {
		die(&cells[i], CLASS_DRONE, 9, 1000);
		die(&cells[3 + i], CLASS_DRONE, 0, 1000);
		die(&cells[6 + i], CLASS_DRONE, 11, SICK_NS);
	}
	cr_assert(!fate_is_sick(cells, 9, CLASS_DRONE, NOW));
}
