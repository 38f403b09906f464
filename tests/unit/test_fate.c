/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a cell does next, for every shortage and around both thresholds. */
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
	struct census c[CLASS_COUNT] = { [CLASS_STEM] = { .living = 2, .min = 3, .max = 5 } };

	expect(fate_of_stem(c), FATE_DIVIDE, CLASS_STEM);
	expect(fate_with(1, 1, 2, 1), FATE_BECOME, CLASS_BLOOD);
}

Test(fate, the_pool_is_left_to_a_living_neuron)
{
	expect(fate_with(1, 2, 2, 2), FATE_WAIT, CLASS_STEM);
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

#define Q(x) ((__u32)((x) * Q16_ONE))

static const struct fate_rules rules = {
	.divide_q16 = Q(0.6), .die_q16 = Q(0.2), .refractory_ms = 500, .settle_ms = 100, .cells_max = 64
};

static void people(struct census *c, unsigned blood, unsigned drones)
{
	c[CLASS_NEURON] = (struct census){ .living = 1, .min = 1, .max = 1 };
	c[CLASS_BLOOD] = (struct census){ .living = blood, .min = 1, .max = 4 };
	c[CLASS_DRONE] = (struct census){ .living = drones, .min = 1, .max = 32 };
}

static struct fate stem_hears(double blood, double drone, __u32 random, __u64 age_ms)
{
	__u32 net[CLASS_COUNT] = { [CLASS_BLOOD] = Q(blood), [CLASS_DRONE] = Q(drone) };
	struct census c[CLASS_COUNT] = { 0 };

	people(c, 1, 4);
	return fate_of_stem_by_signal(net, c, &rules, random, age_ms);
}

static struct fate drone_hears(double net, unsigned drones, __u32 random, __u64 rested_ms)
{
	struct census c[CLASS_COUNT] = { 0 };

	people(c, 1, drones);
	return fate_of_grown(CLASS_DRONE, Q(net), c, &rules, random, rested_ms);
}

Test(fate, a_stem_follows_a_signal_above_the_threshold_only)
{
	struct fate f = stem_hears(0, 1, 0x0000ffff, 1000);

	expect(f, FATE_BECOME, CLASS_DRONE);
	cr_assert_eq(f.seen, 4);
	expect(stem_hears(0, 0.6, 0, 1000), FATE_WAIT, CLASS_STEM);
	expect(stem_hears(0, 0.61, 0, 1000), FATE_BECOME, CLASS_DRONE);
	expect(stem_hears(0.59, 0, 0, 1000), FATE_WAIT, CLASS_STEM);
	expect(stem_hears(0, 1, 0, 99), FATE_WAIT, CLASS_STEM);
	expect(stem_hears(0, 1, 0, 100), FATE_BECOME, CLASS_DRONE);
}

Test(fate, the_chance_rises_from_the_threshold_to_one)
{
	expect(stem_hears(0, 0.8, 0x7ff0, 1000), FATE_BECOME, CLASS_DRONE);
	expect(stem_hears(0, 0.8, 0x8010, 1000), FATE_WAIT, CLASS_STEM);
	expect(drone_hears(0.7, 4, 0x3ff0, 1000), FATE_DIVIDE, CLASS_DRONE);
	expect(drone_hears(0.7, 4, 0x4010, 1000), FATE_WAIT, CLASS_DRONE);
	expect(drone_hears(0.15, 4, 0x3ff0, 1000), FATE_LEAVE, CLASS_DRONE);
	expect(drone_hears(0.15, 4, 0x4010, 1000), FATE_WAIT, CLASS_DRONE);
}

Test(fate, a_stem_chooses_by_weight)
{
	unsigned drones = 0;

	for (__u32 i = 0; i < 1000; i++)
		drones += stem_hears(0.65, 0.975, i * 65 << 16, 1000).class == CLASS_DRONE;
	cr_assert(drones > 580 && drones < 620, "%u of 1000 became drones", drones);
}

Test(fate, a_full_class_calls_no_stem)
{
	__u32 net[CLASS_COUNT] = { [CLASS_BLOOD] = Q16_ONE, [CLASS_DRONE] = Q16_ONE, [CLASS_GAMETE] = Q16_ONE };
	struct census c[CLASS_COUNT] = { 0 };

	people(c, 4, 31);
	expect(fate_of_stem_by_signal(net, c, &rules, 0, 1000), FATE_BECOME, CLASS_DRONE);
	people(c, 4, 32);
	expect(fate_of_stem_by_signal(net, c, &rules, 0, 1000), FATE_WAIT, CLASS_STEM);
}

Test(fate, grown_cells_hold_between_the_thresholds)
{
	for (int i = 20; i <= 60; i++)
		expect(drone_hears(i / 100.0 + 0.0001 * (i < 60), 8, 0, 10000), FATE_WAIT, CLASS_DRONE);
	expect(drone_hears(0.5999, 8, 0, 10000), FATE_WAIT, CLASS_DRONE);
	expect(stem_hears(0, 0.5999, 0, 10000), FATE_WAIT, CLASS_STEM);
	expect(drone_hears(0.2001, 8, 0, 10000), FATE_WAIT, CLASS_DRONE);
	expect(drone_hears(0.61, 8, 0, 10000), FATE_DIVIDE, CLASS_DRONE);
	expect(drone_hears(0.19, 8, 0, 10000), FATE_LEAVE, CLASS_DRONE);
}

Test(fate, grown_cells_rest_for_the_refractory_time_and_up_to_half_more)
{
	expect(drone_hears(1, 8, 0, 499), FATE_WAIT, CLASS_DRONE);
	expect(drone_hears(1, 8, 0, 500), FATE_DIVIDE, CLASS_DRONE);
	expect(drone_hears(1, 8, 0xffff0000, 748), FATE_WAIT, CLASS_DRONE);
	expect(drone_hears(1, 8, 0xffff0000, 750), FATE_DIVIDE, CLASS_DRONE);
	expect(drone_hears(0, 8, 0, 499), FATE_WAIT, CLASS_DRONE);
}

Test(fate, grown_cells_keep_between_minimum_and_maximum)
{
	struct census c[CLASS_COUNT] = { 0 };

	expect(drone_hears(1, 31, 0, 1000), FATE_DIVIDE, CLASS_DRONE);
	expect(drone_hears(1, 32, 0, 1000), FATE_WAIT, CLASS_DRONE);
	expect(drone_hears(0, 2, 0, 1000), FATE_LEAVE, CLASS_DRONE);
	expect(drone_hears(0, 1, 0, 1000), FATE_WAIT, CLASS_DRONE);
	people(c, 1, 8);
	c[CLASS_STEM].living = 64 - 10;
	expect(fate_of_grown(CLASS_BLOOD, Q16_ONE, c, &rules, 0, 1000), FATE_WAIT, CLASS_BLOOD);
	c[CLASS_STEM].living--;
	expect(fate_of_grown(CLASS_BLOOD, Q16_ONE, c, &rules, 0, 1000), FATE_DIVIDE, CLASS_BLOOD);
	expect(fate_of_grown(CLASS_NEURON, Q16_ONE, c, &rules, 0, 1000), FATE_WAIT, CLASS_NEURON);
}
