/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals from other hosts: only a gamete brings them in, each once, weaker, and all together within what the DNA allows. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include "bus_rig.h"
#include "shared/flood.h"
#include "shared/link.h"
#include "cellws.skel.h"

#define THIS  77u
#define OTHER 5u

static struct bus_rig rig;
static struct actor mother, gamete;

static void open_rig(void)
{
	struct link_state l = { .self = THIS, .on = 1 };
	uint32_t zero = 0;

	bus_open(&rig);
	rig.rules.host_attenuation_q16 = Q16_ONE / 2;
	rig.rules.half_life_ms = 3600000;
	bus_rule(&rig);
	cr_assert(!bpf_map_update_elem(bpf_map__fd(rig.kin.skel->maps.link_state), &zero, &l, BPF_ANY));
	actor_start(&rig, &mother, 0, CLASS_NEURON, CELL_NOBODY);
	actor_start(&rig, &gamete, 1, CLASS_GAMETE, 0);
}

static void close_rig(void)
{
	actor_end(&gamete);
	actor_end(&mother);
	bus_close(&rig);
}

TestSuite(carry, .init = open_rig, .fini = close_rig, .timeout = 30);

static struct carry_call alarm_of(uint64_t host, uint64_t molecule, uint32_t strength)
{
	return (struct carry_call){ .what = { .host = host, .molecule = molecule }, .kind = HORMONE_ALARM, .strength_q16 = strength, .hops = 1 };
}

static uint32_t carry(struct actor *by, struct carry_call *call)
{
	call->answer = 0xffff;
	actor_run(by, bpf_program__fd(rig.kin.skel->progs.gland_carry), call, sizeof(*call));
	return call->answer;
}

/* What the mother has received last. */
static struct molecule received(void)
{
	struct molecules all;

	bus_look(rig.map.molecules, 0, &all);
	return all.m[(all.next + MOLECULES - 1) % MOLECULES];
}

Test(carry, a_no_other_class_brings_a_signal)
{
	struct carry_call call;

	for (int class = CLASS_EGG; class < CLASS_COUNT; class++) {
		struct actor a;

		if (class == CLASS_GAMETE)
			continue;
		actor_start(&rig, &a, 2, class, 0);
		call = alarm_of(OTHER, 1, Q16_ONE);
		cr_expect_eq(carry(&a, &call), GLAND_CLASS, "class %d", class);
		actor_end(&a);
	}
	cr_expect_eq(received().id, 0);
}

Test(carry, b_it_is_weaker_further_away_and_known_as_one_from_elsewhere)
{
	struct carry_call call = alarm_of(OTHER, 9, 30000);
	struct event e;
	struct molecule m;

	cr_assert_eq(carry(&gamete, &call), GLAND_OK);
	cr_expect(call.strength_q16 == 15000 && call.hops == 2 && call.heard == 1);
	m = received();
	cr_expect(m.strength_q16 == 15000 && m.hops == 2 && m.kind == HORMONE_ALARM && m.id & MOLECULE_CARRIED);
	cr_expect(bus_event(&rig, HAPPENED_CARRY, &e) && e.a == HORMONE_ALARM && e.c == 15000 && e.source.key == OTHER && !e.source.family);
}

Test(carry, c_each_signal_comes_once_whichever_way)
{
	struct carry_call call = alarm_of(OTHER, 9, 30000);

	cr_assert_eq(carry(&gamete, &call), GLAND_OK);
	call = alarm_of(OTHER, 9, 20000);
	cr_expect_eq(carry(&gamete, &call), GLAND_TWICE);
	call = alarm_of(OTHER + 1, 9, 2000);
	cr_expect_eq(carry(&gamete, &call), GLAND_OK, "another host's signal of the same number");
	call = alarm_of(THIS, 10, 2000);
	cr_expect_eq(carry(&gamete, &call), GLAND_RANGE, "this host's own");
}

Test(carry, d_what_speaks_of_one_cell_stays_on_its_host)
{
	struct carry_call call = alarm_of(OTHER, 1, 30000);

	call.kind = HORMONE_DANGER;
	cr_expect_eq(carry(&gamete, &call), GLAND_RANGE);
	call = alarm_of(OTHER, 1, 30000);
	call.class = CLASS_DRONE;
	cr_expect_eq(carry(&gamete, &call), GLAND_RANGE);
	call = alarm_of(OTHER, 1, 30000);
	call.kind = HORMONE_GROWTH;
	cr_expect_eq(carry(&gamete, &call), GLAND_RANGE);
	call = alarm_of(OTHER, 1, Q16_ONE + 1);
	cr_expect_eq(carry(&gamete, &call), GLAND_LOUD);
}

Test(carry, e_faint_and_far_ones_end_here)
{
	struct carry_call call = alarm_of(OTHER, 1, 199);

	rig.rules.floor_q16 = 101;
	bus_rule(&rig);
	cr_expect_eq(carry(&gamete, &call), GLAND_FAINT);
	call = alarm_of(OTHER, 2, 30000);
	call.hops = rig.rules.hops_max;
	cr_expect_eq(carry(&gamete, &call), GLAND_FAINT);
	call = alarm_of(OTHER, 3, 30000);
	call.hops = UINT32_MAX;
	cr_expect_eq(carry(&gamete, &call), GLAND_FAINT);
	cr_expect_eq(received().id, 0);
}

Test(carry, f_all_hosts_together_are_no_louder_than_one_may_be)
{
	struct receptors heard;

	for (uint64_t host = 100; host < 110; host++) {
		struct carry_call call = alarm_of(host, 1, Q16_ONE / 2);

		cr_assert_eq(carry(&gamete, &call), GLAND_OK);
		cr_expect_eq(call.strength_q16, Q16_ONE / 4, "others are told how loud it was");
	}
	bus_look(rig.map.receptors, 1, &heard);
	cr_expect_leq(heard.alarm.level_q16, Q16_ONE / 2);
	cr_expect_geq(heard.alarm.level_q16, Q16_ONE / 2 - Q16_ONE / 50);
}

static uint32_t skin_alarm(void)
{
	struct flood_alarm a;

	bus_look(bpf_map__fd(rig.kin.skel->maps.flood_alarm), 0, &a);
	return a.level_q16;
}

Test(carry, g_the_skin_hears_alarms_of_elsewhere_but_not_that_they_are_over)
{
	struct carry_call call = alarm_of(OTHER, 1, 40000);
	uint32_t level;

	cr_assert_eq(carry(&gamete, &call), GLAND_OK);
	level = skin_alarm();
	cr_expect_eq(level, 20000);
	call = alarm_of(OTHER, 2, 40000);
	call.kind = HORMONE_CALM;
	cr_assert_eq(carry(&gamete, &call), GLAND_OK);
	cr_expect_eq(skin_alarm(), level);
}

Test(carry, h_no_more_often_than_a_cell_may)
{
	unsigned refused = 0;

	rig.rules.secretions_per_s = 1;
	bus_rule(&rig);
	for (uint64_t i = 1; i <= 30; i++) {
		struct carry_call call = alarm_of(OTHER, i, 30000);

		refused += carry(&gamete, &call) == GLAND_RATE;
	}
	cr_expect_geq(refused, 8);
}
