// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the skin hears of alarm and calm: each signal once, from those who touch nothing of a client's, and nothing of other signals.
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include "bus_rig.h"
#include "cellws.skel.h"
#include "shared/flood.h"

static struct bus_rig rig;

static void open_rig(void)
{
	bus_open(&rig);
	rig.rules.half_life_ms = 3600000;
	bus_rule(&rig);
}

static void close_rig(void)
{
	bus_close(&rig);
}

TestSuite(alarm, .init = open_rig, .fini = close_rig, .timeout = 30);

static uint32_t level(void)
{
	struct flood_alarm a;
	__u32 zero = 0;

	cr_assert(!bpf_map_lookup_elem(bpf_map__fd(rig.kin.skel->maps.flood_alarm), &zero, &a));
	return a.level_q16;
}

/* A little fades between two signals. */
static void expect_level(uint32_t about, const char *what)
{
	uint32_t is = level();

	cr_expect(is <= about && is + 100 >= about, "%s: %u, not about %u", what, is, about);
}

Test(alarm, a_rises_and_falls)
{
	struct actor neuron, tcell, drone, blood;

	actor_start(&rig, &neuron, 0, CLASS_NEURON, CELL_NOBODY);
	actor_start(&rig, &tcell, 1, CLASS_TCELL, 0);
	actor_start(&rig, &drone, 2, CLASS_DRONE, 0);
	actor_start(&rig, &blood, 3, CLASS_BLOOD, 0);
	cr_expect_eq(level(), 0);
	cr_assert_eq(actor_secrete(&rig, &drone, HORMONE_ALARM, 0, 20000, NULL), GLAND_OK);
	cr_assert_eq(actor_secrete(&rig, &blood, HORMONE_ALARM, 0, 20000, NULL), GLAND_OK);
	cr_expect_eq(level(), 0, "a drone or blood alarms the skin");
	cr_assert_eq(actor_secrete(&rig, &tcell, HORMONE_ALARM, 0, 20000, NULL), GLAND_OK);
	expect_level(20000, "a T cell's alarm");
	cr_assert_eq(actor_secrete(&rig, &neuron, HORMONE_ALARM, 0, 30000, NULL), GLAND_OK);
	expect_level(50000, "the neuron's beside it");
	cr_assert_eq(actor_secrete(&rig, &neuron, HORMONE_ALARM, 0, Q16_ONE, NULL), GLAND_OK);
	expect_level(Q16_ONE, "full alarm");
	cr_assert_eq(actor_secrete(&rig, &drone, HORMONE_CALM, 0, 16000, NULL), GLAND_OK);
	expect_level(Q16_ONE, "a drone's calm");
	cr_assert_eq(actor_secrete(&rig, &tcell, HORMONE_CALM, 0, 16000, NULL), GLAND_OK);
	expect_level(Q16_ONE - 16000, "some calm");
	cr_assert_eq(actor_secrete(&rig, &neuron, HORMONE_CALM, 0, Q16_ONE, NULL), GLAND_OK);
	cr_expect_eq(level(), 0);
	actor_end(&blood);
	actor_end(&drone);
	actor_end(&tcell);
	actor_end(&neuron);
}

Test(alarm, b_what_is_refused_or_is_another_signal)
{
	struct actor drone, stranger;
	struct bus_call call = { .kind = HORMONE_ALARM, .strength_q16 = 20000 };

	actor_start(&rig, &drone, 1, CLASS_DRONE, CELL_NOBODY);
	actor_start(&rig, &stranger, CELL_NOBODY, 0, 0);
	cr_expect_eq(actor_secrete(&rig, &drone, HORMONE_ALARM, 0, rig.rules.cap_q16[CLASS_DRONE] + 1, NULL), GLAND_LOUD);
	cr_expect_eq(actor_call(&stranger, rig.run.secrete, &call), GLAND_STRANGER);
	cr_expect_eq(actor_secrete(&rig, &drone, HORMONE_GROWTH, CLASS_DRONE, 20000, NULL), GLAND_OK);
	cr_expect_eq(level(), 0);
	actor_end(&stranger);
	actor_end(&drone);
}
