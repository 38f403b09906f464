/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which net level the neuron wants for every kind of load, and the signal that leads there. */
#include "cells/need.h"

#include <criterion/criterion.h>

#define Q(x) ((uint32_t)((x) * Q16_ONE))

static const struct need_rules rules = { .divide_q16 = Q(0.6),
	.die_q16 = Q(0.2),
	.attenuation_q16 = Q(0.5),
	.floor_q16 = Q(0.02),
	.half_life_ms = 2000,
	.queue_ms = NEED_QUEUE_MS };

static struct need need;
static uint64_t now_ms = 1000000;

static struct need_sample drones(uint32_t living, uint32_t taken, uint32_t queued, uint32_t oldest_ms)
{
	return (struct need_sample){ .living = living, .min = 1, .max = 32, .listeners = 4, .busy_permille = 0, .taken = taken,
		.queued = queued, .oldest_ms = oldest_ms };
}

/* The same load for so many ticks; returns the last answer. */
static uint32_t drones_for(struct need_sample s, unsigned ticks)
{
	uint32_t level = 0;

	for (unsigned i = 0; i < ticks; i++)
		level = need_drones(&need, &s, &rules, now_ms += NEED_TICK_MS);
	return level;
}

static uint32_t blood_for(struct need_sample s, unsigned ticks)
{
	uint32_t level = 0;

	for (unsigned i = 0; i < ticks; i++)
		level = need_blood(&need, &s, &rules, now_ms += NEED_TICK_MS);
	return level;
}

/* But for rounding. */
static bool is_about(uint32_t level, uint32_t expected)
{
	return level + 4 >= expected && level <= expected + 4;
}

static bool grows(uint32_t level)
{
	return level > rules.divide_q16;
}

static bool holds(uint32_t level)
{
	return level <= rules.divide_q16 && level * 0.5 >= rules.die_q16;
}

static bool shrinks(uint32_t level)
{
	return level * 0.5 < rules.die_q16;
}

Test(need, an_old_queue_before_busy_drones_is_a_shortage_at_once)
{
	cr_assert(grows(drones_for(drones(1, 1, 23, 11), 1)));
}

Test(need, a_young_queue_is_none)
{
	cr_assert(!grows(drones_for(drones(1, 1, 23, 10), 20)));
}

Test(need, idle_drones_are_no_shortage)
{
	cr_assert(!grows(drones_for(drones(10, 6, 8, 50), 1)));
	cr_assert(grows(drones_for(drones(10, 7, 8, 50), 1)));
}

Test(need, pulses_count_as_well_as_what_is_seen)
{
	struct need_sample s = drones(4, 1, 8, 50);

	s.busy_permille = 699;
	cr_assert(!grows(drones_for(s, 1)));
	s.busy_permille = 700;
	cr_assert(grows(drones_for(s, 1)));
}

Test(need, the_level_asks_for_as_many_births_as_are_lacking)
{
	struct need_sample s = drones(4, 4, 2, 50);

	s.listeners = 8;
	cr_assert(is_about(drones_for(s, 1), Q(0.7))); /* 2 of 8: a quarter of the way to 1 */
	s.queued = 8;
	cr_assert_eq(drones_for(s, 1), Q16_ONE);
	need.wanted_q16 = 0;
	s.queued = 100;
	s.listeners = 0;
	cr_assert_eq(drones_for(s, 1), Q16_ONE);
}

Test(need, a_level_is_raised_by_steps_that_are_relayed)
{
	struct need_sample s = drones(4, 4, 8, 50);
	uint32_t before = drones_for(s, 1), level = drones_for(s, 1);

	cr_assert(level < before && level > Q(0.94));
	cr_assert_eq(drones_for(s, 1), Q16_ONE);
	s.queued = 0;
	s.taken = 0;
	cr_assert(!grows(drones_for(s, 1)));
}

Test(need, a_full_class_does_not_call_for_more)
{
	cr_assert(grows(drones_for(drones(31, 31, 100, 50), 1)));
	cr_assert(!grows(drones_for(drones(32, 32, 100, 50), 1)));
}

Test(need, a_standing_queue_keeps_a_shortage_up_but_begins_none)
{
	struct need_sample standing = drones(22, 22, 2, 4);

	cr_assert(!grows(drones_for(standing, 10)));
	cr_assert(grows(drones_for(drones(16, 16, 8, 12), 1)));
	cr_assert(grows(drones_for(standing, 5)));
	cr_assert(!grows(drones_for(drones(24, 24, 0, 0), 6)));
	cr_assert(!grows(drones_for(standing, 10)));
}

Test(need, a_queue_that_was_empty_or_idle_drones_do_not_keep_a_shortage_up)
{
	cr_assert(grows(drones_for(drones(16, 16, 8, 12), 4)));
	cr_assert(!grows(drones_for(drones(22, 22, 0, 0), 1)));
	cr_assert(!grows(drones_for(drones(22, 22, 2, 4), 2)));
	cr_assert(grows(drones_for(drones(16, 16, 8, 12), 4)));
	cr_assert(!grows(drones_for(drones(22, 19, 2, 4), 3)));
}

Test(need, quick_requests_do_not_keep_a_shortage_up)
{
	cr_assert(grows(drones_for(drones(1, 1, 63, 15), 1)));
	cr_assert(!grows(drones_for(drones(4, 4, 60, 1), 5)));
}

Test(need, pressure_on_the_processor_scales_growth)
{
	struct need_sample s = drones(1, 1, 4, 50);

	s.psi_cpu_permille = 600;
	cr_assert_eq(drones_for(s, 1), Q16_ONE);
	s.psi_cpu_permille = 775;
	cr_assert(is_about(drones_for(s, 1), Q(0.8)));
	s.psi_cpu_permille = 950;
	cr_assert(!grows(drones_for(s, 1)));
}

Test(need, memory_and_budget_stop_growth)
{
	struct need_sample s = drones(1, 1, 4, 50);

	s.psi_memory_permille = 100;
	cr_assert(grows(drones_for(s, 1)));
	s.psi_memory_permille = 101;
	cr_assert(!grows(drones_for(s, 1)));
	s.psi_memory_permille = 0;
	s.over_budget = true;
	cr_assert(!grows(drones_for(s, 1)));
}

Test(need, load_of_an_attack_does_not_count)
{
	struct need_sample s = drones(1, 1, 4, 50);

	s.attack_permille = 500;
	cr_assert(is_about(drones_for(s, 1), Q(0.8)));
	s.attack_permille = 1000;
	cr_assert(!grows(drones_for(s, 1)));
}

Test(need, births_that_die_young_make_longer_and_longer_pauses)
{
	struct need_sample s = drones(1, 1, 4, 50);
	unsigned paused = 0;

	s.sick = true;
	cr_assert(!grows(drones_for(s, 1)));
	s.sick = false;
	cr_assert(!grows(drones_for(s, 2)));
	cr_assert(grows(drones_for(s, 1)));
	s.sick = true;
	drones_for(s, 1);
	s.sick = false;
	while (!grows(drones_for(s, 1)))
		paused++;
	cr_assert_eq(paused, 4, "paused for %u ticks more", paused);
}

Test(need, a_demand_is_remembered_for_three_seconds)
{
	drones_for(drones(24, 24, 0, 0), 40);
	cr_assert(holds(drones_for(drones(24, 0, 0, 0), 25)));
	cr_assert(shrinks(drones_for(drones(24, 0, 0, 0), 6)));
}

Test(need, a_quarter_and_one_more_than_wanted_are_kept)
{
	cr_assert(holds(drones_for(drones(31, 24, 0, 0), 60)));
	cr_assert(drones_for(drones(32, 24, 0, 0), 60) <= rules.die_q16);
	cr_assert(holds(drones_for(drones(2, 1, 0, 0), 60)));
}

Test(need, all_may_go_when_nothing_is_wanted_but_far_cells_go_first)
{
	struct need_sample s = drones(30, 16, 0, 0);

	/* Kept: 21. Nine of thirty are too many. */
	cr_assert(is_about(drones_for(s, 60), Q(0.2 * 21 / 30)));
	s.far = 20;
	cr_assert(is_about(drones_for(s, 1), Q(0.4 * 11 / 20)));
	s.taken = 0;
	cr_assert(drones_for(s, 60) < Q(0.02));
}

Test(need, the_level_that_keeps_is_topped_up_in_steps_that_are_relayed)
{
	struct need_sample s = drones(24, 20, 0, 0);
	uint32_t before = drones_for(s, 10), rises = 0;

	for (unsigned i = 0; i < 100; i++) {
		uint32_t level = drones_for(s, 1);

		cr_assert(holds(level));
		if (level > before) {
			rises++;
			cr_assert(level - before > 2 * rules.floor_q16);
		}
		before = level;
	}
	cr_assert(rises > 10 && rises < 50, "%u", rises);
}

Test(need, at_the_minimum_the_level_fades_away)
{
	drones_for(drones(1, 1, 1, 50), 1);
	cr_assert(drones_for(drones(1, 0, 0, 0), 1) <= rules.divide_q16);
	cr_assert(drones_for(drones(1, 0, 0, 0), 60) < rules.die_q16 / 2);
}

static struct need_sample blood(uint32_t living, uint32_t busy_permille, uint32_t backlog)
{
	return (struct need_sample){ .living = living, .min = 1, .max = 4, .listeners = 4, .busy_permille = busy_permille,
		.backlog = backlog };
}

Test(need, busy_blood_calls_for_one_more_after_a_while)
{
	cr_assert(!grows(blood_for(blood(1, 850, 0), 3)));
	cr_assert(is_about(blood_for(blood(1, 850, 0), 1), Q(0.7)));
	cr_assert(!grows(blood_for(blood(2, 850, 0), 3)));
	cr_assert(!grows(blood_for(blood(2, 849, 0), 20)));
}

Test(need, a_backlog_of_two_ticks_calls_for_blood)
{
	cr_assert(!grows(blood_for(blood(1, 100, 5), 1)));
	cr_assert(!grows(blood_for(blood(1, 100, 0), 1)));
	cr_assert(!grows(blood_for(blood(1, 100, 5), 1)));
	cr_assert(grows(blood_for(blood(1, 100, 5), 1)));
	cr_assert(!grows(blood_for(blood(4, 1000, 5), 20)));
}

Test(need, pressure_on_the_processor_is_no_reason_against_blood)
{
	struct need_sample s = blood(1, 1000, 0);

	s.psi_cpu_permille = 1000;
	cr_assert(grows(blood_for(s, 10)));
	s.over_budget = true;
	cr_assert(!grows(blood_for(s, 10)));
}

Test(need, blood_leaves_when_one_fewer_would_be_half_idle_for_ten_seconds)
{
	cr_assert(holds(blood_for(blood(2, 249, 0), 99)));
	cr_assert(is_about(blood_for(blood(2, 249, 0), 2), Q(0.1)));
	cr_assert(holds(blood_for(blood(2, 250, 0), 200)));
	cr_assert(!shrinks(blood_for(blood(1, 0, 0), 1)));
}

static void signals(double want, double growth, double anti, double cap, double more, double less)
{
	uint32_t g, a;

	need_signal(Q(want), Q(growth), Q(anti), Q(cap), &g, &a);
	cr_assert(is_about(g, Q(more)), "growth %u", g);
	cr_assert(is_about(a, Q(less)), "antigrowth %u", a);
}

Test(need, a_signal_is_what_is_missing)
{
	signals(0.7, 0.5, 0.1, 1, 0.3, 0);
	signals(0.1, 0.5, 0.1, 1, 0, 0.3);
	signals(0.4, 0.5, 0.1, 1, 0, 0);
	signals(0.4, 0.2, 0.3, 1, 0.5, 0);
	signals(0, 0.2, 0.3, 1, 0, 0);
	signals(1, 0, 0, 0.25, 0.25, 0);
	signals(0, 1, 0, 0.25, 0, 0.25);
	signals(1, 0.9, 0.5, 1, 0.1, 0);
	signals(0, 1, 0.7, 1, 0, 0.3);
	signals(0.401, 0.4, 0, 1, 0, 0);
}

Test(need, calm_means_minima_no_work_and_quiet)
{
	struct need_sample d = drones(1, 0, 0, 0), b = blood(1, 0, 0);

	cr_assert(need_is_calm(&d, &b, Q(0.1), &rules));
	cr_assert(!need_is_calm(&d, &b, Q(0.2), &rules));
	d.living = 2;
	cr_assert(!need_is_calm(&d, &b, 0, &rules));
	d.living = 1;
	d.queued = 1;
	cr_assert(!need_is_calm(&d, &b, 0, &rules));
	d.queued = 0;
	b.backlog = 1;
	cr_assert(!need_is_calm(&d, &b, 0, &rules));
}
