/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals on their way: to mother and daughters only, weaker with each hop, once for each cell, never what was not received. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bus_rig.h"

static struct bus_rig rig;

static void open_rig(void)
{
	bus_open(&rig);
}

static void close_rig(void)
{
	bus_close(&rig);
}

TestSuite(bus_hops, .init = open_rig, .fini = close_rig, .timeout = 30);

#define CHAIN 6 /* a neuron and five generations: five hops */

/* Each the daughter of the one before. */
static void start_chain(struct actor *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		actor_start(&rig, &a[i], i, i ? CLASS_BLOOD : CLASS_NEURON, i ? i - 1 : CELL_NOBODY);
}

static bool has(uint32_t slot, uint64_t id)
{
	struct molecule m;

	return bus_received(&rig, slot, id, &m);
}

/*        0
 *      1   2      4 is of another family line, 5 an orphan
 *     3   4  .  5                                        */
Test(bus_hops, a_only_mother_and_daughters_hear)
{
	static const uint32_t mothers[] = { CELL_NOBODY, 0, 0, 1, 2, CELL_NOBODY, 1 };
	struct bus_call call = { .kind = HORMONE_ALARM, .strength_q16 = 9000 };
	struct actor a[7];
	struct molecule m;

	for (unsigned i = 0; i < 7; i++)
		actor_start(&rig, &a[i], i, CLASS_BLOOD, mothers[i]);
	actor_end(&a[6]);
	cr_assert_eq(actor_call(&a[1], rig.run.secrete, &call), GLAND_OK);
	cr_expect_eq(call.heard, 2);
	for (uint32_t i = 0; i < 7; i++)
		cr_expect_eq(has(i, call.molecule), i == 0 || i == 3, "slot %u", i);
	cr_assert(bus_received(&rig, 0, call.molecule, &m));
	cr_expect(m.hops == 1 && m.strength_q16 == 9000 && m.from == 1 && m.origin == kin_id(1) && m.kind == HORMONE_ALARM && !m.relayed);
	cr_expect_eq(actor_relay(&rig, &a[0], call.molecule, &call.heard), GLAND_OK);
	cr_expect_eq(call.heard, 1, "back to where it came from, or not on");
	cr_expect(has(2, call.molecule) && !has(1, call.molecule) && !has(4, call.molecule));
	actors_end(a, 6);
}

static void expect_fading(struct actor *a, uint32_t attenuation, uint32_t strength)
{
	double exact = strength, bound = 0;
	uint32_t was = strength;
	struct molecule m;
	uint64_t id;

	rig.rules.attenuation_q16 = attenuation;
	bus_rule(&rig);
	cr_assert_eq(actor_secrete(&rig, &a[0], HORMONE_ALARM, 0, strength, &id), GLAND_OK);
	for (uint32_t hop = 1; hop < CHAIN; hop++) {
		cr_assert(bus_received(&rig, hop, id, &m), "hop %u has not got it", hop);
		cr_expect_eq(m.hops, hop);
		cr_expect_leq(fabs(m.strength_q16 - exact), bound + 1e-6, "hop %u: %u and not %.2f", hop, m.strength_q16, exact);
		if (hop > 1)
			cr_expect_leq(fabs(m.strength_q16 - (double)was * attenuation / Q16_ONE), 1.0, "hop %u: %u after %u", hop,
				m.strength_q16, was);
		was = m.strength_q16;
		/* Half a unit of rounding for each hop, which fades like the signal. */
		exact = exact * attenuation / Q16_ONE;
		bound = bound * attenuation / Q16_ONE + 0.5;
		cr_assert_eq(actor_relay(&rig, &a[hop], id, NULL), GLAND_OK);
		struct receptors r;

		bus_look(rig.map.receptors, hop, &r);
		cr_expect_geq(r.alarm.level_q16, m.strength_q16 < Q16_ONE ? m.strength_q16 - 1 : Q16_ONE);
	}
}

Test(bus_hops, b_strength_at_each_hop)
{
	static const uint32_t attenuations[] = { 32768, 45875, 21845, 6554, 65535, 65536 };
	static const uint32_t strengths[] = { 65536, 65535, 50001, 33333, 40000 };
	struct actor a[CHAIN];

	start_chain(a, CHAIN);
	for (unsigned i = 0; i < sizeof(attenuations) / sizeof(*attenuations); i++)
		for (unsigned j = 0; j < sizeof(strengths) / sizeof(*strengths); j++)
			expect_fading(a, attenuations[i], strengths[j]);
	actors_end(a, CHAIN);
}

/* The last slot that hears of a signal of full strength when everybody relays. */
static uint32_t reach(struct actor *a)
{
	uint32_t last = 0;
	uint64_t id;

	bus_rule(&rig);
	cr_assert_eq(actor_secrete(&rig, &a[0], HORMONE_ALARM, 0, Q16_ONE, &id), GLAND_OK);
	for (uint32_t i = 1; i < CHAIN && has(i, id); i++) {
		cr_expect_eq(actor_relay(&rig, &a[i], id, NULL), GLAND_OK);
		last = i;
	}
	return last;
}

Test(bus_hops, c_the_floor_and_the_last_hop)
{
	struct actor a[CHAIN];
	uint32_t is;

	start_chain(a, CHAIN);
	for (uint32_t hops = 1; hops < 8; hops++) {
		rig.rules.hops_max = hops;
		is = reach(a);
		cr_expect_eq(is, hops < 5 ? hops : 5, "with %u hops it reaches slot %u", hops, is);
	}
	rig.rules.floor_q16 = 8192;
	cr_expect_eq(is = reach(a), 4, "1, 0.5, 0.25 and 0.125 are not below the floor; it reaches %u", is);
	rig.rules.floor_q16 = 8193;
	cr_expect_eq(is = reach(a), 3, "it reaches %u", is);
	rig.rules.floor_q16 = 0;
	rig.rules.attenuation_q16 = 0;
	cr_expect_eq(is = reach(a), 1, "nothing is passed on as silence; it reaches %u", is);
	actors_end(a, CHAIN);
}

Test(bus_hops, d_what_was_not_received_is_not_passed_on)
{
	struct actor a[CHAIN];
	struct event e;
	uint64_t id;

	start_chain(a, CHAIN);
	cr_assert_eq(actor_secrete(&rig, &a[0], HORMONE_ALARM, 0, 50000, &id), GLAND_OK);
	cr_expect_eq(actor_relay(&rig, &a[0], id, NULL), GLAND_UNHEARD, "its own");
	cr_expect_eq(actor_relay(&rig, &a[2], id, NULL), GLAND_UNHEARD, "not yet received");
	cr_assert(bus_event(&rig, HAPPENED_REFUSE, &e));
	cr_expect(e.id == kin_id(2) && e.a == GLAND_UNHEARD);
	cr_expect(!has(3, id));
	cr_expect_eq(actor_relay(&rig, &a[1], id + 1, NULL), GLAND_UNHEARD, "not yet secreted");
	cr_expect_eq(actor_relay(&rig, &a[1], 0, NULL), GLAND_UNHEARD);
	cr_expect_eq(actor_relay(&rig, &a[1], UINT64_MAX, NULL), GLAND_UNHEARD);
	actors_end(a, CHAIN);
}

/* Nothing the caller says of a signal counts: not its strength, its kind, or how far it has come. */
Test(bus_hops, e_once_and_as_it_came)
{
	struct bus_call call = { .kind = HORMONE_GROWTH, .class = CLASS_DRONE, .strength_q16 = Q16_ONE, .target = 1, .reason = 1 };
	struct actor a[CHAIN];
	struct receptors r;
	struct molecule m;
	uint64_t id;

	start_chain(a, CHAIN);
	cr_assert_eq(actor_secrete(&rig, &a[0], HORMONE_CALM, 0, 3000, &id), GLAND_OK);
	call.molecule = id;
	cr_expect_eq(actor_call(&a[1], rig.run.relay, &call), GLAND_OK);
	cr_assert(bus_received(&rig, 2, id, &m));
	cr_expect(m.kind == HORMONE_CALM && m.class == 0 && m.strength_q16 == 1500 && m.hops == 2 && m.origin == kin_id(0) && !m.target);
	cr_expect_eq(actor_call(&a[1], rig.run.relay, &call), GLAND_UNHEARD, "a second time");
	bus_look(rig.map.receptors, 1, &r);
	cr_expect_eq(r.calm.heard, 1, "it has been taken in %u times", r.calm.heard);
	cr_expect_eq(r.growth.drone.heard, 0);
	actors_end(a, CHAIN);
}

/* No family is like this, but two ways to one cell may come about while the tree is mended: 0 is 1's mother and 3's daughter. */
Test(bus_hops, f_two_ways_to_one_cell)
{
	static const uint32_t mothers[] = { 3, 0, 1, 2 };
	struct actor a[4];
	uint32_t first, second, third;
	uint64_t id;

	for (unsigned i = 0; i < 4; i++)
		actor_start(&rig, &a[i], i, CLASS_BLOOD, mothers[i]);
	cr_assert_eq(actor_secrete(&rig, &a[0], HORMONE_ALARM, 0, 50000, &id), GLAND_OK);
	cr_expect(has(1, id) && has(3, id) && !has(2, id));
	cr_expect_eq(actor_relay(&rig, &a[1], id, &first), GLAND_OK);
	cr_expect_eq(actor_relay(&rig, &a[3], id, &second), GLAND_OK);
	cr_expect(first == 1 && second == 0, "slot 2 gets it %u and %u times", first, second);
	cr_expect(has(2, id));
	cr_expect_eq(actor_relay(&rig, &a[2], id, &third), GLAND_OK);
	cr_expect_eq(third, 0, "it goes round in circles");
	actors_end(a, 4);
}

/* A cell that says very much cannot make another relay for ever: what is forgotten is not passed on, and not heard again. */
Test(bus_hops, g_memory_is_bounded)
{
	struct actor a[3];
	uint64_t first, id = 0;

	start_chain(a, 3);
	rig.rules.secretions_per_s = 1000000; /* the rate is not what is tried here */
	bus_rule(&rig);
	cr_assert_eq(actor_secrete(&rig, &a[0], HORMONE_ALARM, 0, 50000, &first), GLAND_OK);
	for (unsigned i = 0; i < MOLECULES; i++)
		cr_assert_eq(actor_secrete(&rig, &a[0], HORMONE_CALM, 0, 5, &id), GLAND_OK);
	cr_expect_eq(actor_relay(&rig, &a[1], first, NULL), GLAND_UNHEARD);
	cr_expect_eq(actor_relay(&rig, &a[1], id, NULL), GLAND_OK);
	actors_end(a, 3);
}

/* Who is accused may be hung, or may not want it known: its relatives need not wait for it. */
Test(bus_hops, i_the_accused_cannot_keep_it_back)
{
	static const uint32_t mothers[] = { CELL_NOBODY, 0, 1, 1, 2, CELL_NOBODY };
	struct bus_call call = { .kind = HORMONE_DANGER, .strength_q16 = 9000, .target = kin_id(1), .reason = REASON_SILENT };
	struct actor a[6];
	uint64_t id;

	for (unsigned i = 0; i < 6; i++)
		actor_start(&rig, &a[i], i, CLASS_BLOOD, mothers[i]);
	cr_assert_eq(actor_call(&a[0], rig.run.secrete, &call), GLAND_OK);
	cr_expect_eq(call.heard, 3);
	id = call.molecule;
	cr_expect(has(1, id) && has(2, id) && has(3, id) && !has(0, id) && !has(4, id) && !has(5, id));
	cr_expect_eq(actor_relay(&rig, &a[2], id, NULL), GLAND_OK);
	cr_expect(has(4, id) && !has(0, id));
	cr_assert_eq(actor_call(&a[3], rig.run.secrete, &call), GLAND_OK);
	id = call.molecule;
	cr_expect(has(0, id) && has(1, id) && has(2, id) && !has(3, id) && !has(4, id) && !has(5, id));
	actors_end(a, 6);
}

/* Cells that wait for their inbox and pass on what comes, as real ones do. */
struct waiting {
	struct bus_rig *rig;
	int ring;
	uint32_t slot;
	volatile uint64_t *heard_ns; /* shared, by slot */
};

static int pass_on(void *ctx, void *data, size_t n)
{
	const struct message *m = data;
	struct waiting *w = ctx;
	struct bus_call call = { .molecule = m->molecule };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &call, .ctx_size_in = sizeof(call));

	if (n != sizeof(*m) || m->kind != MSG_HORMONE)
		return 0;
	bpf_prog_test_run_opts(w->rig->run.relay, &opts);
	w->heard_ns[w->slot] = bus_boot_ns();
	return 0;
}

static pid_t start_waiting(struct waiting *w, uint32_t mother)
{
	struct cell c;
	pid_t pid;

	w->ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "inbox", 0, 0, INBOX_BYTES, NULL);
	cr_assert_geq(w->ring, 0);
	cr_assert(!bpf_map_update_elem(rig.kin.inboxes, &w->slot, &w->ring, BPF_ANY));
	pid = fork();
	if (!pid) {
		struct ring_buffer *reader = ring_buffer__new(w->ring, pass_on, w, NULL);

		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		alarm(KIN_LIFE_S);
		w->heard_ns[w->slot] = 1;
		while (reader)
			ring_buffer__poll(reader, -1);
		_exit(1);
	}
	kin_enter(&rig.kin, w->slot, pid, CLASS_BLOOD);
	kin_cell(&rig.kin, w->slot, &c);
	c.mother = mother;
	cr_assert(!bpf_map_update_elem(rig.kin.cells, &w->slot, &c, BPF_ANY));
	while (!w->heard_ns[w->slot])
		usleep(1000);
	return pid;
}

static int by_value(const void *a, const void *b)
{
	return (*(const uint64_t *)a > *(const uint64_t *)b) - (*(const uint64_t *)a < *(const uint64_t *)b);
}

#define TIMES 100

Test(bus_hops, h_how_long_it_takes)
{
	volatile uint64_t *heard = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static struct waiting w[CHAIN];
	uint64_t took[TIMES];
	pid_t pids[CHAIN];
	struct actor root;

	cr_assert_neq((void *)heard, MAP_FAILED);
	actor_start(&rig, &root, 0, CLASS_NEURON, CELL_NOBODY);
	for (uint32_t i = 1; i < CHAIN; i++) {
		w[i] = (struct waiting){ .rig = &rig, .slot = i, .heard_ns = heard };
		pids[i] = start_waiting(&w[i], i - 1);
	}
	for (unsigned i = 0; i < TIMES; i++) {
		uint64_t begin = bus_boot_ns();

		heard[CHAIN - 1] = 0;
		cr_assert_eq(actor_secrete(&rig, &root, HORMONE_ALARM, 0, Q16_ONE, NULL), GLAND_OK);
		while (!heard[CHAIN - 1])
			usleep(20);
		took[i] = heard[CHAIN - 1] - begin;
	}
	qsort(took, TIMES, sizeof(*took), by_value);
	fprintf(stderr, "from the root to the last of five generations: %.0f us, 9 of 10 within %.0f us (%d signals)\n",
		(double)took[TIMES / 2] / 1000, (double)took[TIMES * 9 / 10] / 1000, TIMES);
	for (uint32_t i = 1; i < CHAIN; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	actor_end(&root);
}
