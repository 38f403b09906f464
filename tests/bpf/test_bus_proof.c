/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions for the key and answers; cells that leave: one question at a time, one answer, never below the minimum. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <string.h>
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

TestSuite(bus_proof, .init = open_rig, .fini = close_rig, .timeout = 30);

static uint32_t prompt(struct actor *a, uint32_t target)
{
	struct bus_call call = { .target = target };

	return actor_call(a, rig.run.prompt, &call);
}

static uint32_t prove(struct actor *a, unsigned char with)
{
	struct bus_call call = { 0 };

	memset(call.mac, with, sizeof(call.mac));
	return actor_call(a, rig.run.prove, &call);
}

static struct proof proof_of(uint32_t slot)
{
	struct proof p;

	bus_look(rig.map.proofs, slot, &p);
	return p;
}

Test(bus_proof, a_who_may_ask_whom)
{
	struct actor target, asker;

	actor_start(&rig, &target, 1, CLASS_STEM, CELL_NOBODY);
	for (int class = CLASS_EGG; class < CLASS_COUNT; class++) {
		bool adult = class == CLASS_NEURON || class == CLASS_BLOOD || class == CLASS_DRONE || class == CLASS_TCELL;
		uint32_t answer;

		actor_start(&rig, &asker, 2, class, CELL_NOBODY);
		answer = prompt(&asker, kin_id(1));
		cr_expect_eq(answer, adult ? GLAND_OK : GLAND_CLASS, "class %d is answered %u", class, answer);
		if (adult)
			cr_expect_eq(prove(&target, 1), GLAND_OK);
		actor_end(&asker);
	}
	actor_end(&target);
	actor_start(&rig, &asker, 2, CLASS_NEURON, CELL_NOBODY);
	cr_expect_eq(prompt(&asker, kin_id(1)), GLAND_DEAD);
	cr_expect_eq(prompt(&asker, kin_id(6)), GLAND_DEAD);
	cr_expect_eq(prompt(&asker, kin_id(2) + 256), GLAND_DEAD);
	actor_end(&asker);
}

Test(bus_proof, b_one_question_and_one_answer)
{
	struct actor a[3];
	struct proof first, p;

	actors_start(&rig, a, 3, CLASS_BLOOD);
	cr_expect_eq(prove(&a[1], 9), GLAND_TWICE, "an answer without a question");
	cr_expect_eq(prompt(&a[0], kin_id(1)), GLAND_OK);
	first = proof_of(1);
	cr_expect(first.target == kin_id(1) && first.asker == kin_id(0) && !first.answered_ns && (first.nonce[0] | first.nonce[1]));
	cr_expect_eq(prompt(&a[0], kin_id(1)), GLAND_PENDING, "a second question before the answer");
	cr_expect_eq(prompt(&a[2], kin_id(1)), GLAND_PENDING, "another's question before the answer");
	p = proof_of(1);
	cr_expect(!memcmp(&p, &first, sizeof(p)), "the question has changed while it was open");
	cr_expect_eq(prove(&a[2], 7), GLAND_TWICE, "somebody else answers");
	cr_expect_eq(prove(&a[1], 8), GLAND_OK);
	p = proof_of(1);
	cr_expect(p.answered_ns >= p.asked_ns && p.mac[0] == 8 && p.mac[PROOF_BYTES - 1] == 8);
	cr_expect_eq(prove(&a[1], 9), GLAND_TWICE, "a second answer");
	p = proof_of(1);
	cr_expect_eq(p.mac[0], 8, "the second answer stands");
	cr_expect_eq(prompt(&a[2], kin_id(1)), GLAND_OK);
	p = proof_of(1);
	cr_expect(p.asker == kin_id(2) && !p.answered_ns && memcmp(p.nonce, first.nonce, sizeof(p.nonce)), "no new question");
	actors_end(a, 3);
}

static int keep_message(void *to, void *data, size_t n)
{
	if (n == sizeof(struct message))
		memcpy(to, data, n);
	return 0;
}

Test(bus_proof, c_the_asked_is_told)
{
	int ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "inbox", 0, 0, INBOX_BYTES, NULL);
	struct message m = { 0 };
	struct ring_buffer *reader;
	struct actor a[2];
	__u32 slot = 1;

	cr_assert_geq(ring, 0);
	cr_assert(!bpf_map_update_elem(rig.kin.inboxes, &slot, &ring, BPF_ANY));
	reader = ring_buffer__new(ring, keep_message, &m, NULL);
	cr_assert_not_null(reader);
	actors_start(&rig, a, 2, CLASS_DRONE);
	cr_assert_eq(prompt(&a[0], kin_id(1)), GLAND_OK);
	cr_assert_eq(ring_buffer__poll(reader, 1000), 1);
	cr_expect(m.kind == MSG_PROMPT && m.id == kin_id(0) && m.class == CLASS_DRONE);
	actors_end(a, 2);
	ring_buffer__free(reader);
}

Test(bus_proof, d_not_more_often_than_the_dna_allows)
{
	struct actor a[2];
	unsigned n = 0;

	rig.rules.secretions_per_s = 1;
	bus_rule(&rig);
	actors_start(&rig, a, 2, CLASS_DRONE);
	while (n < 100 && prompt(&a[0], kin_id(1)) == GLAND_OK && prove(&a[1], 1) == GLAND_OK)
		n++;
	cr_expect(n >= 16 && n <= 20, "%u questions at once", n);
	cr_expect_eq(prompt(&a[0], kin_id(1)), GLAND_RATE);
	actors_end(a, 2);
}

static uint32_t leave(struct actor *a)
{
	struct gland_call call = { 0 };

	return actor_gland(a, rig.kin.leave, &call);
}

static unsigned living(int class)
{
	struct census n;

	kin_census(&rig.kin, class, &n);
	return n.living;
}

static void least(int class, uint32_t min)
{
	__u32 key = (__u32)class;
	struct census n;

	kin_census(&rig.kin, class, &n);
	n.min = min;
	cr_assert(!bpf_map_update_elem(rig.kin.census, &key, &n, BPF_ANY));
}

Test(bus_proof, e_who_leaves_is_counted_once)
{
	struct actor a[3];
	struct census n;
	struct event e;
	struct cell c;

	least(CLASS_DRONE, 1);
	actors_start(&rig, a, 3, CLASS_DRONE);
	cr_expect_eq(leave(&a[0]), GLAND_OK);
	cr_expect_eq(living(CLASS_DRONE), 2, "it is counted while it drains");
	kin_cell(&rig.kin, 0, &c);
	cr_expect(c.leaving && c.state == CELL_LIVING);
	cr_assert(bus_event(&rig, HAPPENED_LEAVE, &e));
	cr_expect_eq(e.id, kin_id(0));
	cr_expect_eq(leave(&a[0]), GLAND_CLASS, "it leaves twice");
	cr_expect_eq(living(CLASS_DRONE), 2);
	actor_end(&a[0]);
	cr_expect_eq(living(CLASS_DRONE), 2, "its death is counted although it had left");
	cr_expect_eq(leave(&a[1]), GLAND_OK);
	cr_expect_eq(leave(&a[2]), GLAND_MINIMUM);
	kin_census(&rig.kin, CLASS_DRONE, &n);
	cr_expect(n.living == 1 && n.died == 1);
	actors_end(a, 3);
	kin_census(&rig.kin, CLASS_DRONE, &n);
	cr_expect(n.living == 0 && n.died == 3, "%u live, %lu have died", n.living, (unsigned long)n.died);
}

Test(bus_proof, f_who_may_leave)
{
	struct actor a;

	for (int class = CLASS_EGG; class < CLASS_COUNT; class++) {
		bool may = class == CLASS_BLOOD || class == CLASS_DRONE || class == CLASS_TCELL;

		actor_start(&rig, &a, 1, class, CELL_NOBODY);
		cr_expect_eq(leave(&a), may ? GLAND_OK : GLAND_CLASS, "class %d", class);
		actor_end(&a);
		cr_expect_eq(living(class), 0);
	}
}

/* A whole crowd that waits for one moment, and then leaves as often as it is told that its count was out of date. */
static int leave_at_once(struct kin_rig *r)
{
	struct gland_call call = { 0 };
	uint32_t answer;

	__atomic_fetch_add(&r->notes->flag[0], 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&r->notes->flag[1], __ATOMIC_SEQ_CST))
		;
	do
		answer = kin_call(r->leave, &call);
	while (answer == GLAND_STALE);
	__atomic_fetch_add(&r->notes->flag[answer == GLAND_OK ? 2 : 3], 1, __ATOMIC_SEQ_CST);
	return answer == GLAND_OK || answer == GLAND_MINIMUM ? 0 : (int)answer;
}

#define CROWD 8

Test(bus_proof, g_never_below_the_minimum_whoever_else_leaves)
{
	struct kin_actor crowd[CROWD];

	least(CLASS_DRONE, 3);
	for (int round = 0; round < 10; round++) {
		memset(rig.kin.notes->flag, 0, sizeof(rig.kin.notes->flag));
		for (int i = 0; i < CROWD; i++)
			kin_begin(&rig.kin, &crowd[i], i, CLASS_DRONE, leave_at_once);
		while (__atomic_load_n(&rig.kin.notes->flag[0], __ATOMIC_SEQ_CST) < CROWD)
			usleep(500);
		__atomic_store_n(&rig.kin.notes->flag[1], 1, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&rig.kin.notes->flag[2], __ATOMIC_SEQ_CST) + __atomic_load_n(&rig.kin.notes->flag[3], __ATOMIC_SEQ_CST) < CROWD)
			usleep(500);
		cr_expect_eq(living(CLASS_DRONE), 3, "%u are left", living(CLASS_DRONE));
		cr_expect_eq(rig.kin.notes->flag[2], CROWD - 3);
		for (int i = 0; i < CROWD; i++)
			cr_expect_eq(kin_let_go(&crowd[i]), 0);
		cr_expect_eq(living(CLASS_DRONE), 0);
	}
}
