/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals at their source: who may secrete what, how loud and how often; what receptors make of it; what the newborn know. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bus_rig.h"
#include "shared/receptor.h"

static struct bus_rig rig;

static void open_rig(void)
{
	bus_open(&rig);
}

static void close_rig(void)
{
	bus_close(&rig);
}

TestSuite(bus, .init = open_rig, .fini = close_rig, .timeout = 30);

Test(bus, a_strangers_are_refused)
{
	const int programs[] = { rig.run.secrete, rig.run.relay, rig.run.vote, rig.run.pulse, rig.run.prompt, rig.run.prove };
	struct actor cell, stranger;
	struct event e;

	actor_start(&rig, &cell, 1, CLASS_DRONE, CELL_NOBODY);
	actor_start(&rig, &stranger, CELL_NOBODY, 0, 0);
	for (unsigned i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct bus_call call = { .kind = HORMONE_ALARM,
			.strength_q16 = 1000,
			.target = kin_id(1),
			.reason = REASON_SILENT,
			.molecule = 1 };

		cr_expect_eq(actor_call(&stranger, programs[i], &call), GLAND_STRANGER, "program %u answers %u", i, call.answer);
	}
	cr_assert(bus_event(&rig, HAPPENED_STRANGER, &e), "nobody has seen it");
	cr_expect_eq(e.a, (uint32_t)stranger.pid);
	cr_expect_eq(e.b, 1);
	actor_end(&stranger);
	actor_end(&cell);
}

Test(bus, b_the_cap_of_each_class)
{
	for (int class = CLASS_NEURON; class < CLASS_COUNT; class++) {
		struct actor a;
		struct event e;
		uint32_t cap = rig.rules.cap_q16[class];

		actor_start(&rig, &a, 3, class, CELL_NOBODY);
		cr_expect_eq(actor_secrete(&rig, &a, HORMONE_ALARM, 0, cap, NULL), GLAND_OK, "class %d at its cap", class);
		cr_expect_eq(actor_secrete(&rig, &a, HORMONE_ALARM, 0, cap + 1, NULL), GLAND_LOUD, "class %d above its cap", class);
		cr_expect_eq(actor_secrete(&rig, &a, HORMONE_ALARM, 0, UINT32_MAX, NULL), GLAND_LOUD);
		cr_assert(bus_event(&rig, HAPPENED_REFUSE, &e));
		cr_expect_eq(e.id, kin_id(3));
		cr_expect_eq(e.a, GLAND_LOUD, "the refusal is told as %u", e.a);
		actor_end(&a);
	}
}

Test(bus, c_what_is_no_signal)
{
	struct actor a;

	actor_start(&rig, &a, 0, CLASS_BLOOD, CELL_NOBODY);
	for (uint32_t kind = 0; kind <= HORMONE_COUNT; kind++)
		for (uint32_t class = 0; class <= CLASS_COUNT; class++) {
			bool by_class = kind == HORMONE_GROWTH || kind == HORMONE_ANTIGROWTH;
			bool right = by_class ? class > CLASS_EGG && class < CLASS_COUNT : class == CLASS_NONE;
			uint32_t answer = actor_secrete(&rig, &a, kind, class, 100, NULL);

			right &= kind > 0 && kind < HORMONE_COUNT && kind != HORMONE_DANGER;
			cr_expect_eq(answer, right ? GLAND_OK : GLAND_RANGE, "kind %u of class %u: %u", kind, class, answer);
		}
	cr_expect_eq(actor_secrete(&rig, &a, HORMONE_ALARM, 0, 0, NULL), GLAND_RANGE, "silence is no signal");
	actor_end(&a);
}

Test(bus, d_an_egg_says_nothing)
{
	struct actor a;

	actor_start(&rig, &a, 0, CLASS_EGG, CELL_NOBODY);
	cr_expect_eq(actor_secrete(&rig, &a, HORMONE_ALARM, 0, 1, NULL), GLAND_CLASS);
	actor_end(&a);
}

static uint32_t accuse(struct actor *a, uint32_t target, uint32_t reason)
{
	struct bus_call call = { .kind = HORMONE_DANGER, .strength_q16 = 100, .target = target, .reason = reason };

	return actor_call(a, rig.run.secrete, &call);
}

Test(bus, e_accusations_name_a_living_cell_and_a_reason)
{
	struct actor a[2];
	struct event e;

	actors_start(&rig, a, 2, CLASS_DRONE);
	for (uint32_t reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		cr_expect_eq(accuse(&a[0], kin_id(1), reason), GLAND_OK);
	cr_assert(bus_event(&rig, HAPPENED_ACCUSE, &e));
	cr_expect(e.id == kin_id(0) && e.a == kin_id(1) && e.b == REASON_COUNT - 1);
	cr_expect_eq(accuse(&a[0], kin_id(1), REASON_NONE), GLAND_RANGE);
	cr_expect_eq(accuse(&a[0], kin_id(1), REASON_COUNT), GLAND_RANGE);
	cr_expect_eq(accuse(&a[0], kin_id(1) + 256, REASON_SILENT), GLAND_DEAD, "another life of that slot");
	cr_expect_eq(accuse(&a[0], kin_id(5), REASON_SILENT), GLAND_DEAD);
	cr_expect_eq(accuse(&a[0], UINT32_MAX, REASON_SILENT), GLAND_DEAD);
	actor_end(&a[1]);
	cr_expect_eq(accuse(&a[0], kin_id(1), REASON_SILENT), GLAND_DEAD);
	actor_end(&a[0]);
}

static unsigned secrete_until_refused(struct actor *a, unsigned most)
{
	unsigned n = 0;

	while (n < most && actor_secrete(&rig, a, HORMONE_ALARM, 0, 100, NULL) == GLAND_OK)
		n++;
	return n;
}

/* 16 at once, and then one for each part of a second that has passed. */
Test(bus, f_not_more_often_than_the_dna_allows)
{
	struct actor a[2];
	unsigned first, later;
	uint64_t begin, ms;

	rig.rules.secretions_per_s = 10;
	bus_rule(&rig);
	actors_start(&rig, a, 2, CLASS_DRONE);
	begin = bus_boot_ns();
	first = secrete_until_refused(&a[0], 100);
	ms = (bus_boot_ns() - begin) / 1000000;
	cr_expect(first >= 16 && first <= 18 + ms / 100, "%u at once", first);
	cr_expect_eq(actor_secrete(&rig, &a[0], HORMONE_CALM, 0, 1, NULL), GLAND_RATE);
	cr_expect_eq(actor_secrete(&rig, &a[1], HORMONE_CALM, 0, 1, NULL), GLAND_OK, "one cell uses up another's allowance");
	usleep(500000);
	later = secrete_until_refused(&a[0], 100);
	ms = (bus_boot_ns() - begin) / 1000000;
	cr_expect(later >= 4 && first + later <= 18 + ms / 100, "%u after %lu ms", later, (unsigned long)ms);
	actors_end(a, 2);
}

static struct receptors heard_by(uint32_t slot)
{
	struct receptors r;

	bus_look(rig.map.receptors, slot, &r);
	return r;
}

/* Against exact arithmetic: level * 2^(-t/half_life), right to a five-thousandth. */
static double faded(double level, uint64_t ns)
{
	double x = (double)ns / ((double)rig.rules.half_life_ms * 1e6);

	while (x >= 1) {
		level /= 2;
		x -= 1;
	}
	return level * (1 - 0.693147 * x + 0.240227 * x * x - 0.055504 * x * x * x + 0.009618 * x * x * x * x - 0.001333 * x * x * x * x * x);
}

Test(bus, g_levels_rise_by_signals_and_fade_with_time)
{
	struct receptor was, is;
	struct actor a;

	rig.rules.half_life_ms = 100;
	bus_rule(&rig);
	actor_start(&rig, &a, 2, CLASS_NEURON, CELL_NOBODY);
	cr_assert_eq(actor_secrete(&rig, &a, HORMONE_GROWTH, CLASS_DRONE, 40000, NULL), GLAND_OK);
	was = heard_by(2).growth.drone;
	cr_expect_eq(was.level_q16, 40000);
	cr_expect_eq(was.heard, 1);
	for (unsigned i = 0; i < 8; i++) {
		usleep(i * 30000);
		cr_assert_eq(actor_secrete(&rig, &a, HORMONE_GROWTH, CLASS_DRONE, 7000, NULL), GLAND_OK);
		is = heard_by(2).growth.drone;
		double want = faded(was.level_q16, is.at_ns - was.at_ns) + 7000;

		want = want > Q16_ONE ? Q16_ONE : want;
		cr_expect(is.level_q16 > want - 16 && is.level_q16 < want + 16, "level %u and not %.1f", is.level_q16, want);
		cr_expect_eq(is.level_q16, receptor_take(receptor_now(was.level_q16, was.at_ns, is.at_ns, 100), 7000));
		was = is;
	}
	actor_end(&a);
}

Test(bus, h_a_level_is_never_above_one)
{
	struct actor a;

	actor_start(&rig, &a, 2, CLASS_NEURON, CELL_NOBODY);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(actor_secrete(&rig, &a, HORMONE_ANTIGROWTH, CLASS_BLOOD, Q16_ONE, NULL), GLAND_OK);
	cr_expect_eq(heard_by(2).antigrowth.blood.level_q16, Q16_ONE);
	actor_end(&a);
}

static unsigned others_that_heard(const struct receptors *r, const struct receptor *but)
{
	const struct receptor *all = (const struct receptor *)r;
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(*r) / sizeof(*all); i++)
		n += &all[i] != but && all[i].heard;
	return n;
}

/* Each kind and class has a receptor of its own. */
Test(bus, i_signals_are_not_mixed_up)
{
	for (uint32_t kind = HORMONE_GROWTH; kind <= HORMONE_CALM; kind++)
		for (uint32_t class = CLASS_NEURON; class < CLASS_COUNT; class++) {
			bool by_class = kind <= HORMONE_ANTIGROWTH;
			uint32_t slot = kind * 8 + class;
			struct receptors r;
			struct receptor *its;
			struct actor a;

			actor_start(&rig, &a, slot, CLASS_NEURON, CELL_NOBODY);
			cr_assert_eq(actor_secrete(&rig, &a, kind, by_class ? class : 0, 500, NULL), GLAND_OK);
			r = heard_by(slot);
			its = kind == HORMONE_GROWTH ? &r.growth.none + class :
			      kind == HORMONE_ANTIGROWTH ? &r.antigrowth.none + class :
			      kind == HORMONE_ALARM ? &r.alarm : &r.calm;
			cr_expect(its->heard == 1 && its->level_q16 == 500, "kind %u, class %u", kind, class);
			cr_expect_eq(others_that_heard(&r, its), 0, "kind %u, class %u is heard by others", kind, class);
			actor_end(&a);
		}
}

/* A daughter knows what her mother has heard, as if it had been passed on, and nothing of who lived in her slot before. */
Test(bus, j_a_newborn_knows_what_its_mother_knows)
{
	struct gland_call division = { .class = CLASS_STEM, .seen = 1 };
	struct actor former, mother;
	struct receptors hers;

	actor_start(&rig, &former, 0, CLASS_NEURON, CELL_NOBODY);
	cr_assert_eq(actor_secrete(&rig, &former, HORMONE_CALM, 0, 1234, NULL), GLAND_OK);
	actor_end(&former);
	actor_start(&rig, &mother, 4, CLASS_STEM, CELL_NOBODY);
	/* Only the slot of the dead is free. The test itself lives in the others, and bears nobody from here on. */
	for (uint32_t slot = 1; slot < RIG_SLOTS; slot++)
		if (slot != 4)
			kin_enter(&rig.kin, slot, getpid(), CLASS_TCELL);
	cr_assert_eq(actor_secrete(&rig, &mother, HORMONE_GROWTH, CLASS_BLOOD, 4321, NULL), GLAND_OK);
	cr_assert_eq(actor_gland(&mother, rig.kin.divide, &division), GLAND_OK);
	cr_assert_eq(division.slot, 0, "the test wants the slot of the dead");
	hers = heard_by(0);
	cr_expect_eq(hers.growth.blood.level_q16, signal_attenuate(4321, rig.rules.attenuation_q16));
	cr_expect_eq(hers.calm.heard, 0);
	actor_end(&mother);
}

static uint32_t pulse(struct actor *a, uint32_t busy)
{
	struct bus_call call = { .busy_permille = busy, .wait_us = 77 };

	return actor_call(a, rig.run.pulse, &call);
}

Test(bus, k_a_pulse_is_ones_own)
{
	struct pulse p;
	struct actor a;
	unsigned n = 0;

	actor_start(&rig, &a, 5, CLASS_DRONE, CELL_NOBODY);
	cr_expect_eq(pulse(&a, 1001), GLAND_RANGE);
	cr_expect_eq(pulse(&a, 1000), GLAND_OK);
	bus_look(rig.map.pulses, 5, &p);
	cr_expect(p.id == kin_id(5) && p.busy_permille == 1000 && p.wait_us == 77);
	cr_expect(bus_boot_ns() - p.beat_ns < 1000000000u, "the beat is not of now");
	cr_expect_gt(p.rss_pages, 10, "the kernel counts %u pages", p.rss_pages);
	rig.rules.secretions_per_s = 1;
	bus_rule(&rig);
	while (n < 100 && pulse(&a, 1) == GLAND_OK)
		n++;
	cr_expect(n >= 16 && n <= 20, "%u pulses at once", n);
	cr_expect_eq(pulse(&a, 1), GLAND_RATE);
	actor_end(&a);
}
