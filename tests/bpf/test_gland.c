/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gland's rules: who may have which daughter, who may become what, who may serve a vessel; counts that are out of date. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kin_rig.h"

static struct kin_rig rig;

static void open_rig(void)
{
	kin_open(&rig);
}

static void close_rig(void)
{
	kin_close(&rig);
}

TestSuite(gland, .init = open_rig, .fini = close_rig, .timeout = 30);

static int divide(struct kin_rig *r)
{
	return (int)kin_call(r->divide, &r->notes->call[0]);
}

static int become(struct kin_rig *r)
{
	return (int)kin_call(r->become, &r->notes->call[0]);
}

static int animate(struct kin_rig *r)
{
	return (int)kin_call(r->animate, &r->notes->call[0]);
}

/* The answer to one call by a cell of a class in slot 7. */
static uint32_t ask(int class, int (*act)(struct kin_rig *r), uint32_t about, uint32_t seen)
{
	rig.notes->call[0] = (struct gland_call){ .class = about, .seen = seen };
	int status = kin_act(&rig, 7, class, act);

	cr_assert(WIFEXITED(status), "the actor ended with %x", (unsigned)status);
	return (uint32_t)WEXITSTATUS(status);
}

static void expect_division(int mother, int daughter, uint32_t answer)
{
	uint32_t is = ask(mother, divide, (uint32_t)daughter, mother == daughter);

	cr_expect_eq(is, answer, "class %d with a daughter of class %d is answered %u, not %u", mother, daughter, is, answer);
}

Test(gland, a_who_may_have_whom)
{
	static const bool own[CLASS_COUNT] = { [CLASS_BLOOD] = true, [CLASS_DRONE] = true, [CLASS_TCELL] = true };

	for (int mother = CLASS_EGG; mother < CLASS_COUNT; mother++)
		for (int daughter = CLASS_EGG; daughter < CLASS_COUNT; daughter++) {
			bool stem = daughter == CLASS_STEM &&
				    (mother == CLASS_EGG || mother == CLASS_STEM || mother == CLASS_NEURON || mother == CLASS_BLOOD);

			expect_division(mother, daughter, stem || (mother == daughter && own[mother]) ? GLAND_OK : GLAND_CLASS);
		}
	expect_division(CLASS_STEM, CLASS_COUNT, GLAND_CLASS);
	expect_division(CLASS_STEM, CLASS_NONE, GLAND_CLASS);
}

static int stay(struct kin_rig *r)
{
	(void)r;
	return 0;
}

/* The neuron has stems at any time; blood is the last resort. */
Test(gland, b_blood_has_stems_only_when_there_is_none)
{
	struct kin_actor stem, neuron;

	kin_begin(&rig, &stem, 1, CLASS_STEM, stay);
	cr_expect_eq(ask(CLASS_NEURON, divide, CLASS_STEM, 1), GLAND_OK, "the neuron has no stem beside another");
	cr_expect_eq(ask(CLASS_BLOOD, divide, CLASS_STEM, 1), GLAND_CLASS, "blood has a stem beside another");
	kin_let_go(&stem);
	cr_expect_eq(ask(CLASS_NEURON, divide, CLASS_STEM, 0), GLAND_OK);
	kin_begin(&rig, &neuron, 2, CLASS_NEURON, stay);
	cr_expect_eq(ask(CLASS_BLOOD, divide, CLASS_STEM, 0), GLAND_CLASS, "blood has a stem although there is a neuron");
	kin_let_go(&neuron);
	cr_expect_eq(ask(CLASS_BLOOD, divide, CLASS_STEM, 0), GLAND_OK);
}

Test(gland, c_a_full_census_and_a_count_out_of_date)
{
	kin_limit(&rig, CLASS_STEM, 1);
	cr_expect_eq(ask(CLASS_STEM, divide, CLASS_STEM, 1), GLAND_FULL);
	kin_limit(&rig, CLASS_STEM, 2);
	cr_expect_eq(ask(CLASS_STEM, divide, CLASS_STEM, 0), GLAND_STALE);
	cr_expect_eq(ask(CLASS_STEM, divide, CLASS_STEM, 2), GLAND_STALE);
	cr_expect_eq(ask(CLASS_STEM, divide, CLASS_STEM, 1), GLAND_OK);
	kin_limit(&rig, CLASS_DRONE, 0);
	cr_expect_eq(ask(CLASS_STEM, become, CLASS_DRONE, 0), GLAND_FULL);
	kin_limit(&rig, CLASS_DRONE, 1);
	cr_expect_eq(ask(CLASS_STEM, become, CLASS_DRONE, 1), GLAND_STALE);
	cr_expect_eq(ask(CLASS_STEM, become, CLASS_DRONE, 0), GLAND_OK);
}

static int divide_twice(struct kin_rig *r)
{
	r->notes->call[1] = r->notes->call[0];
	kin_call(r->divide, &r->notes->call[0]);
	return (int)kin_call(r->divide, &r->notes->call[1]);
}

static int divide_then_become(struct kin_rig *r)
{
	r->notes->call[1] = (struct gland_call){ .class = CLASS_BLOOD };
	kin_call(r->divide, &r->notes->call[0]);
	return (int)kin_call(r->become, &r->notes->call[1]);
}

Test(gland, d_one_licence_at_a_time)
{
	cr_expect_eq(ask(CLASS_STEM, divide_twice, CLASS_STEM, 1), GLAND_PENDING);
	cr_expect_eq(rig.notes->call[0].answer, GLAND_OK);
	cr_expect_eq(rig.notes->call[1].slot, rig.notes->call[0].slot);
	cr_expect_eq(rig.notes->call[1].id, rig.notes->call[0].id);
	cr_expect_eq(ask(CLASS_STEM, divide_then_become, CLASS_STEM, 1), GLAND_PENDING);
}

static int divide_and_give_back(struct kin_rig *r)
{
	r->notes->call[1] = (struct gland_call){ .class = CLASS_NONE };
	r->notes->call[2] = (struct gland_call){ .class = CLASS_BLOOD };
	kin_call(r->divide, &r->notes->call[0]);
	kin_call(r->divide, &r->notes->call[1]);
	return (int)kin_call(r->become, &r->notes->call[2]);
}

Test(gland, d_a_licence_given_back_bars_nobody)
{
	struct census n;
	struct cell c;

	cr_expect_eq(ask(CLASS_STEM, divide_and_give_back, CLASS_STEM, 1), GLAND_OK);
	cr_expect_eq(rig.notes->call[1].answer, GLAND_OK);
	kin_cell(&rig, rig.notes->call[0].slot, &c);
	cr_expect_eq(c.state, CELL_FREE, "the promised slot is in state %u", c.state);
	kin_census(&rig, CLASS_STEM, &n);
	cr_expect_eq(n.living, 0, "%u stems are counted", n.living);
}

Test(gland, e_nothing_is_born_of_the_dying)
{
	kin_dying(&rig);
	cr_expect_eq(ask(CLASS_STEM, divide, CLASS_STEM, 1), GLAND_DYING);
	cr_expect_eq(ask(CLASS_STEM, become, CLASS_BLOOD, 0), GLAND_DYING);
	cr_expect_eq(ask(CLASS_EGG, become, CLASS_NEURON, 0), GLAND_DYING);
}

Test(gland, f_who_may_become_what)
{
	for (int from = CLASS_EGG; from < CLASS_COUNT; from++)
		for (int to = CLASS_NONE; to <= CLASS_COUNT; to++) {
			bool may = (from == CLASS_EGG && to == CLASS_NEURON) ||
				   (from == CLASS_STEM && to > CLASS_EGG && to < CLASS_COUNT && to != CLASS_STEM);
			uint32_t is = ask(from, become, (uint32_t)to, from == to);

			cr_expect_eq(is, may ? GLAND_OK : GLAND_CLASS, "class %d becomes %d: answered %u", from, to, is);
		}
}

Test(gland, g_no_second_neuron_beside_an_egg)
{
	struct kin_actor egg;

	kin_begin(&rig, &egg, 0, CLASS_EGG, stay);
	cr_expect_eq(ask(CLASS_STEM, become, CLASS_NEURON, 0), GLAND_CLASS);
	kin_let_go(&egg);
	cr_expect_eq(ask(CLASS_STEM, become, CLASS_NEURON, 0), GLAND_OK);
}

static int become_twice(struct kin_rig *r)
{
	r->notes->call[1] = (struct gland_call){ .class = CLASS_BLOOD };
	kin_call(r->become, &r->notes->call[0]);
	return (int)kin_call(r->become, &r->notes->call[1]);
}

Test(gland, h_once_and_for_good)
{
	struct census n;
	struct cell c;

	cr_expect_eq(ask(CLASS_STEM, become_twice, CLASS_DRONE, 0), GLAND_CLASS);
	cr_expect_eq(rig.notes->call[0].answer, GLAND_OK);
	cr_expect_eq(rig.notes->call[0].slot, 7);
	kin_cell(&rig, 7, &c);
	cr_expect_eq(c.class, CLASS_DRONE, "it died as class %u", c.class);
	kin_census(&rig, CLASS_DRONE, &n);
	cr_expect_eq(n.living, 0);
	cr_expect_eq(n.died, 1);
	kin_census(&rig, CLASS_STEM, &n);
	cr_expect_eq(n.living, 0, "it is still counted as a stem");
}

Test(gland, i_only_blood_serves_a_vessel)
{
	for (int class = CLASS_EGG; class < CLASS_COUNT; class++)
		cr_expect_eq(ask(class, animate, 0, 0), class == CLASS_BLOOD ? GLAND_OK : GLAND_CLASS, "class %d", class);
}

static uint32_t ask_vessel(uint32_t vessel, uint32_t seen)
{
	rig.notes->call[0] = (struct gland_call){ .vessel = vessel, .seen = seen };
	int status = kin_act(&rig, 7, CLASS_BLOOD, animate);

	cr_assert(WIFEXITED(status));
	return (uint32_t)WEXITSTATUS(status);
}

static int animate_and_tell(struct kin_rig *r)
{
	kin_call(r->animate, &r->notes->call[1]);
	r->notes->flag[0] = 1;
	return 0;
}

/* Cells that leave are not counted, but live: who looks for a place again and again would do so for ever. */
Test(gland, k_no_slot_is_left)
{
	struct kin_actor leaving[RIG_SLOTS - 1];
	struct census n;

	for (unsigned i = 0; i < RIG_SLOTS - 1; i++) {
		kin_begin(&rig, &leaving[i], (int)i, CLASS_DRONE, stay);
	}
	kin_limit(&rig, CLASS_STEM, 100);
	cr_expect_eq(ask(CLASS_STEM, divide, CLASS_STEM, 1), GLAND_FULL);
	kin_census(&rig, CLASS_STEM, &n);
	cr_expect_eq(n.living, 0, "%u stems are counted", n.living);
	for (unsigned i = 0; i < RIG_SLOTS - 1; i++)
		kin_let_go(&leaving[i]);
}

Test(gland, j_an_owned_vessel_is_left_alone)
{
	struct kin_actor owner;

	kin_begin(&rig, &owner, 2, CLASS_BLOOD, animate_and_tell);
	for (int i = 0; i < 2000 && !*(volatile uint32_t *)&rig.notes->flag[0]; i++)
		usleep(5000);
	cr_assert_eq(rig.notes->call[1].answer, GLAND_OK);
	cr_expect_eq(kin_owner(&rig, 0), kin_id(2));
	cr_expect_eq(ask_vessel(0, kin_id(2)), GLAND_OWNED);
	cr_expect_eq(ask_vessel(0, 0), GLAND_OWNED);
	cr_expect_eq(kin_owner(&rig, 0), kin_id(2));
	kin_let_go(&owner);
	cr_expect_eq(ask_vessel(0, 0), GLAND_STALE, "a cell that saw nobody takes it from the dead");
	cr_expect_eq(ask_vessel(0, kin_id(2)), GLAND_OK);
	cr_expect_eq(kin_owner(&rig, 0), kin_id(7));
	cr_expect_eq(ask_vessel(99, 0), GLAND_RANGE);
}
