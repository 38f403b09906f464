/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Votes: one for each living adult, none by others, none for the dead; a strict majority kills, fewer do not. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bus_rig.h"
#include "cellctl/up.h"

static struct bus_rig rig;

/* One inbox for all slots: who is announced as condemned, as which process. */
static struct {
	struct ring_buffer *reader;
	pid_t condemned[RIG_SLOTS];
} heard;

static int hear(void *arg, void *data, size_t n)
{
	const struct message *m = data;

	(void)arg;
	if (n == sizeof(*m) && m->kind == MSG_CONDEMNED && m->slot < RIG_SLOTS && m->id == kin_id(m->slot))
		heard.condemned[m->slot] = (pid_t)m->code;
	return 0;
}

static void open_rig(void)
{
	int ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "inbox", 0, 0, INBOX_BYTES, NULL);

	bus_open(&rig);
	memset(&heard, 0, sizeof(heard));
	cr_assert_geq(ring, 0);
	for (uint32_t slot = 0; slot < RIG_SLOTS; slot++)
		cr_assert(!bpf_map_update_elem(rig.kin.inboxes, &slot, &ring, BPF_ANY));
	heard.reader = ring_buffer__new(ring, hear, NULL, NULL);
	cr_assert_not_null(heard.reader);
	close(ring);
}

static void close_rig(void)
{
	ring_buffer__free(heard.reader);
	bus_close(&rig);
}

TestSuite(vote, .init = open_rig, .fini = close_rig, .timeout = 30);

static struct bus_call last;

static uint32_t vote(struct actor *a, uint32_t target)
{
	last = (struct bus_call){ .target = target, .reason = REASON_SILENT };
	return actor_call(a, rig.run.vote, &last);
}

/* Neither dead nor to die. */
static bool lives(uint32_t slot)
{
	struct cell c;

	kin_cell(&rig.kin, slot, &c);
	cr_assert_geq(ring_buffer__consume(heard.reader), 0);
	return c.state == CELL_LIVING && !heard.condemned[slot];
}

/* Everybody is told. Where programs of the kernel cannot signal, a cell that is told kills: here the test does. */
static void expect_killed(struct actor *a)
{
	int status;

	cr_assert_geq(ring_buffer__consume(heard.reader), 0);
	cr_expect_eq(heard.condemned[a->slot], a->pid, "process %d is announced as condemned", heard.condemned[a->slot]);
	if (!up_kernel_can_kill() && heard.condemned[a->slot] == a->pid)
		kill(a->pid, SIGKILL);
	status = actor_fate(a);
	cr_expect(status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "slot %u ended with %x", a->slot, (unsigned)status);
}

Test(vote, a_a_strict_majority_kills)
{
	for (unsigned n = 3; n <= 8; n++) {
		struct actor a[8];
		unsigned need = n / 2 + 1;
		struct event e;

		actors_start(&rig, a, n, CLASS_DRONE);
		for (unsigned i = 1; i <= need; i++) {
			cr_expect(lives(0), "%u votes of %u have killed", i - 1, n);
			cr_expect_eq(vote(&a[i], kin_id(0)), GLAND_OK);
			cr_expect(last.votes == i && last.electorate == n, "%u of %u are counted", last.votes, last.electorate);
		}
		expect_killed(&a[0]);
		cr_assert(bus_event(&rig, HAPPENED_CONDEMN, &e), "nobody is told");
		cr_expect(e.id == kin_id(0) && e.b == REASON_SILENT && e.c == (need << 16 | n), "told as %x", e.c);
		cr_assert(bus_event(&rig, HAPPENED_VOTE, &e));
		cr_expect(e.id == kin_id(need) && e.a == kin_id(0));
		for (unsigned i = 1; i < n; i++)
			cr_expect(lives(i), "slot %u is dead too", i);
		actors_end(a, n);
		/* Nobody has voted there. */
		close_rig();
		open_rig();
	}
}

Test(vote, b_who_has_a_vote)
{
	struct actor target, a;

	actor_start(&rig, &target, 0, CLASS_STEM, CELL_NOBODY);
	for (int class = CLASS_EGG; class < CLASS_COUNT; class++) {
		bool adult = class == CLASS_NEURON || class == CLASS_BLOOD || class == CLASS_DRONE || class == CLASS_TCELL;
		uint32_t slot = (uint32_t)class, answer;

		actor_start(&rig, &a, slot, class, CELL_NOBODY);
		answer = vote(&a, kin_id(0));
		cr_expect_eq(answer, adult ? GLAND_FEW : GLAND_CLASS, "class %d is answered %u", class, answer);
		cr_expect_eq(last.electorate, adult, "class %d: %u adults", class, last.electorate);
		actor_end(&a);
	}
	cr_expect(lives(0));
	actor_end(&target);
}

Test(vote, c_not_against_oneself_the_dead_or_nobody)
{
	struct actor a[4];

	actors_start(&rig, a, 4, CLASS_BLOOD);
	actor_end(&a[3]);
	cr_expect_eq(vote(&a[0], kin_id(0)), GLAND_DEAD, "against itself");
	cr_expect_eq(vote(&a[0], kin_id(3)), GLAND_DEAD, "against the dead");
	cr_expect_eq(vote(&a[0], kin_id(1) + 256), GLAND_DEAD, "against another life of that slot");
	cr_expect_eq(vote(&a[0], kin_id(6)), GLAND_DEAD);
	cr_expect_eq(vote(&a[0], 0xff), GLAND_DEAD, "a slot that is not there");
	last = (struct bus_call){ .target = kin_id(1) };
	cr_expect_eq(actor_call(&a[0], rig.run.vote, &last), GLAND_RANGE, "without a reason");
	last = (struct bus_call){ .target = kin_id(1), .reason = REASON_COUNT };
	cr_expect_eq(actor_call(&a[0], rig.run.vote, &last), GLAND_RANGE);
	actors_end(a, 3);
}

Test(vote, d_once)
{
	struct actor a[5];
	struct event e;

	actors_start(&rig, a, 5, CLASS_DRONE);
	cr_expect_eq(vote(&a[1], kin_id(0)), GLAND_OK);
	for (int i = 0; i < 10; i++)
		cr_expect_eq(vote(&a[1], kin_id(0)), GLAND_TWICE);
	cr_assert(bus_event(&rig, HAPPENED_REFUSE, &e));
	cr_expect(e.id == kin_id(1) && e.a == GLAND_TWICE);
	last = (struct bus_call){ .target = kin_id(0), .reason = REASON_MEMORY };
	cr_expect_eq(actor_call(&a[1], rig.run.vote, &last), GLAND_TWICE, "for another reason");
	cr_expect_eq(vote(&a[2], kin_id(0)), GLAND_OK);
	cr_expect_eq(last.votes, 2);
	cr_expect(lives(0));
	actors_end(a, 5);
}

/* Every field a caller could fill says that somebody else votes; the kernel looks at who calls. */
Test(vote, e_nobody_votes_for_another)
{
	struct actor a[5];
	struct ballot b;

	actors_start(&rig, a, 5, CLASS_DRONE);
	for (uint32_t other = 2; other < 5; other++) {
		last = (struct bus_call){ .kind = kin_id(other),
			.class = kin_id(other),
			.strength_q16 = kin_id(other),
			.target = kin_id(0),
			.reason = REASON_PROOF,
			.answer = kin_id(other),
			.heard = other,
			.votes = 5,
			.electorate = 1,
			.pad = kin_id(other),
			.molecule = kin_id(other) };
		memset(last.mac, 0xff, sizeof(last.mac));
		actor_call(&a[1], rig.run.vote, &last);
		cr_expect_eq(last.answer, other == 2 ? GLAND_OK : GLAND_TWICE);
	}
	bus_look(rig.map.ballots, 0, &b);
	cr_expect_eq(b.votes, 1);
	for (unsigned i = 0; i < CELL_SLOTS_MAX; i++)
		cr_expect_eq(b.paper[i].voter, i == 1 ? kin_id(1) : 0, "slot %u has voted as %u", i, b.paper[i].voter);
	cr_expect(lives(0));
	actors_end(a, 5);
}

Test(vote, f_two_cannot_judge)
{
	struct actor a[3], stem;

	actors_start(&rig, a, 2, CLASS_NEURON);
	actor_start(&rig, &stem, 5, CLASS_STEM, CELL_NOBODY);
	cr_expect_eq(vote(&a[0], kin_id(5)), GLAND_FEW);
	cr_expect_eq(vote(&a[1], kin_id(5)), GLAND_FEW, "two of two");
	cr_expect_eq(vote(&a[1], kin_id(0)), GLAND_FEW);
	usleep(20000);
	cr_expect(lives(5) && lives(0), "somebody was killed");
	actor_start(&rig, &a[2], 2, CLASS_DRONE, CELL_NOBODY);
	cr_expect_eq(vote(&a[2], kin_id(5)), GLAND_OK, "the third adult's vote makes the others' count");
	expect_killed(&stem);
	cr_expect(lives(0));
	actors_end(a, 3);
}

/* 7 adults, 3 votes; two of the voters die, which leaves 5: 1 + 2 more are 3 of 5. */
Test(vote, g_votes_of_the_dead_do_not_count)
{
	struct actor a[7];

	actors_start(&rig, a, 7, CLASS_DRONE);
	for (unsigned i = 1; i <= 3; i++)
		vote(&a[i], kin_id(0));
	actor_end(&a[1]);
	actor_end(&a[2]);
	cr_expect_eq(vote(&a[4], kin_id(0)), GLAND_OK);
	cr_expect(last.votes == 2 && last.electorate == 5, "%u of %u", last.votes, last.electorate);
	usleep(20000);
	cr_expect(lives(0), "killed by 2 of 5");
	cr_expect_eq(vote(&a[5], kin_id(0)), GLAND_OK);
	cr_expect_eq(last.votes, 3);
	expect_killed(&a[0]);
	actors_end(a, 7);
}

/* A new cell in a dead voter's slot has not voted. */
Test(vote, h_who_comes_after_a_voter_votes_anew)
{
	struct actor a[5], next;
	struct cell c;
	uint32_t one = 1;

	actors_start(&rig, a, 5, CLASS_DRONE);
	vote(&a[1], kin_id(0));
	actor_end(&a[1]);
	actor_start(&rig, &next, 1, CLASS_DRONE, CELL_NOBODY);
	kin_cell(&rig.kin, 1, &c);
	c.id += 256;
	cr_assert(!bpf_map_update_elem(rig.kin.cells, &one, &c, BPF_ANY));
	vote(&a[2], kin_id(0));
	cr_expect_eq(last.votes, 1, "%u votes", last.votes);
	cr_expect_eq(vote(&next, kin_id(0)), GLAND_OK);
	cr_expect_eq(last.votes, 2);
	cr_expect(lives(0));
	actor_end(&next);
	actors_end(a, 5);
}

Test(vote, i_old_votes_expire)
{
	struct actor a[5];

	rig.rules.ballot_ms = 100;
	bus_rule(&rig);
	actors_start(&rig, a, 5, CLASS_DRONE);
	vote(&a[1], kin_id(0));
	vote(&a[2], kin_id(0));
	cr_expect_eq(last.votes, 2);
	usleep(150000);
	cr_expect_eq(vote(&a[3], kin_id(0)), GLAND_OK);
	cr_expect_eq(last.votes, 1, "%u votes", last.votes);
	cr_expect_eq(vote(&a[1], kin_id(0)), GLAND_OK, "it may vote again");
	cr_expect_eq(last.votes, 2);
	usleep(20000);
	cr_expect(lives(0));
	actors_end(a, 5);
}

Test(vote, j_who_leaves_has_no_vote)
{
	struct gland_call call = { 0 };
	struct actor a[5];

	actors_start(&rig, a, 5, CLASS_DRONE);
	vote(&a[4], kin_id(0));
	vote(&a[3], kin_id(0));
	cr_assert_eq(actor_gland(&a[4], rig.kin.leave, &call), GLAND_OK);
	cr_expect_eq(vote(&a[4], kin_id(1)), GLAND_CLASS);
	cr_expect_eq(vote(&a[2], kin_id(0)), GLAND_OK);
	cr_expect(last.votes == 2 && last.electorate == 4, "%u of %u", last.votes, last.electorate);
	usleep(20000);
	cr_expect(lives(0), "killed by 2 of 4");
	actors_end(a, 5);
}

Test(vote, k_not_more_often_than_the_dna_allows)
{
	struct actor a[8];
	unsigned n = 0;

	rig.rules.secretions_per_s = 1;
	rig.rules.ballot_ms = 1;
	bus_rule(&rig);
	actors_start(&rig, a, 8, CLASS_DRONE);
	while (n < 100 && vote(&a[0], kin_id(1)) == GLAND_OK) {
		usleep(2000);
		n++;
	}
	cr_expect(n >= 16 && n <= 20, "%u votes at once", n);
	cr_expect_eq(last.answer, GLAND_RATE);
	for (unsigned i = 1; i < 8; i++)
		cr_expect(lives(i));
	actors_end(a, 8);
}

/* Three of seven do all that they can against everybody. */
Test(vote, l_a_minority_kills_nobody)
{
	struct actor a[7];

	actors_start(&rig, a, 7, CLASS_DRONE);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned again = 0; again < 3; again++)
			for (uint32_t target = 0; target < 7; target++)
				vote(&a[i], kin_id(target));
	usleep(20000);
	for (unsigned i = 0; i < 7; i++)
		cr_expect(lives(i), "slot %u is dead", i);
	actors_end(a, 7);
}

/* What a request is blamed for: a death by votes of which most say that the drone had it too long. */
Test(vote, m_the_sentence_says_what_most_voted_for)
{
	static const uint32_t reasons[2][3] = { { REASON_DEADLINE, REASON_DEADLINE, REASON_SILENT },
		{ REASON_SILENT, REASON_SILENT, REASON_DEADLINE } };

	for (unsigned turn = 0; turn < 2; turn++) {
		struct actor a[5];
		struct ballot b;

		actors_start(&rig, a, 5, CLASS_DRONE);
		for (unsigned i = 0; i < 3; i++) {
			bus_look(rig.map.ballots, 0, &b);
			cr_expect_eq(b.condemned, SENTENCE_NONE);
			last = (struct bus_call){ .target = kin_id(0), .reason = reasons[turn][i] };
			cr_expect_eq(actor_call(&a[i + 1], rig.run.vote, &last), GLAND_OK);
		}
		expect_killed(&a[0]);
		bus_look(rig.map.ballots, 0, &b);
		cr_expect_eq(b.condemned, turn ? SENTENCE_PASSED : SENTENCE_LATE, "sentence %u", b.condemned);
		actors_end(a, 5);
		close_rig();
		open_rig();
	}
}

/* As if nobody had carried the sentence out: a cell of that id is there again. */
Test(vote, n_who_lives_on_is_condemned_again_when_votes_are_renewed)
{
	struct actor a[5];

	rig.rules.ballot_ms = 1000;
	bus_rule(&rig);
	actors_start(&rig, a, 5, CLASS_DRONE);
	for (unsigned i = 1; i <= 3; i++)
		cr_expect_eq(vote(&a[i], kin_id(0)), GLAND_OK);
	expect_killed(&a[0]);
	memset(heard.condemned, 0, sizeof(heard.condemned));
	actor_start(&rig, &a[0], 0, CLASS_DRONE, CELL_NOBODY);
	cr_expect_eq(vote(&a[4], kin_id(0)), GLAND_OK);
	cr_expect(lives(0), "a late vote kills");
	usleep(1200000);
	for (unsigned i = 1; i <= 3; i++) {
		cr_expect(lives(0), "%u renewed votes of 5 have killed", i - 1);
		cr_expect_eq(vote(&a[i], kin_id(0)), GLAND_OK);
	}
	expect_killed(&a[0]);
	actors_end(a, 5);
}
