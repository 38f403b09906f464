/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connection of a spore, cut at the end and in the middle of each record, either way: installed whole or not at all. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lab.h"
#include "link/handshake.h"
#include "link/wire.h"
#include "relay.h"

LAB_SUITE(lab_98_spore_cut, 90);

#define EGG_PORT    7946
#define RELAY_PORT  7000
#define RECORDS_MAX 64

static char key[64];

static int far(const char *words)
{
	return lab_sh(&lab, "mkdir -p %s/far && exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s/far --bpffs %s/far",
		lab.bpffs, lab.client, lab_here(), words, lab.dir, lab.bpffs);
}

static void lay_egg(void)
{
	char words[128];

	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:%d --trust %s", EGG_PORT, key);
	far(words);
	lab_expect(&lab, 0, "an egg waits");
}

static void begin(void)
{
	lab_up(&lab, "", "");
	/* So many that the spore comes in more than one piece. */
	lab_sh(&lab, "for i in $(seq 4999); do echo 100.64.$((i / 256)).$((i %% 256)); done >%s/list; echo 10.99.7.7 >>%s/list", lab.dir,
		lab.dir);
	lab_ctl(&lab, "immune import %s/list", lab.dir);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	lab_ctl(&lab, "key --public");
	cr_assert_lt(snprintf(key, sizeof(key), "%s", lab.out), (int)sizeof(key));
	key[strcspn(key, "\n")] = 0;
	lay_egg();
}

static int reproduce(struct relay *r)
{
	relay_start(r);
	lab_ctl(&lab, "reproduce " LAB_CLIENT_V4 ":%d", RELAY_PORT);
	relay_end(r);
	return lab.code;
}

static bool is_there(const char *leaf)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", lab.dir, leaf);
	return !access(path, F_OK);
}

/* The egg waits on, and there is nothing besides it. */
static void expect_nothing_far(long cut, long cut_back)
{
	for (const char *const *leaf = (const char *const[]){ "far/lab", "far/lab.genes", "far/lab.genes.new", "far/lab.generation",
		"bpf/far/cellws", NULL }; *leaf; leaf++)
		cr_expect(!is_there(*leaf), "cut after %ld and %ld bytes: %s is there", cut, cut_back, *leaf);
	cr_expect(is_there("far/egg.lock"), "cut after %ld and %ld bytes: the egg is gone", cut, cut_back);
}

static void expect_daughter(void)
{
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/hello", NULL), 200);
	far("immune export");
	lab_expect(&lab, 0, "10.99.7.7");
	cr_expect(!is_there("far/egg.lock"));
}

/* Ends of the records in what the mother says: two messages of the handshake, then frames. */
static unsigned find_records(const uint8_t *said, size_t n, size_t ends[RECORDS_MAX])
{
	size_t at = HANDSHAKE_FIRST_BYTES + HANDSHAKE_THIRD_BYTES;
	unsigned count = 0;

	ends[count++] = HANDSHAKE_FIRST_BYTES;
	ends[count++] = at;
	while (at + STREAM_HEAD_BYTES <= n) {
		int length = stream_length(said + at);

		cr_assert(length > 0 && count < RECORDS_MAX);
		at += STREAM_HEAD_BYTES + (size_t)length;
		ends[count++] = at;
	}
	cr_assert_eq(at, n, "the last record is not whole");
	return count;
}

static void expect_cut_is_harmless(size_t cut)
{
	struct relay r = { .port = RELAY_PORT, .to = EGG_PORT, .flip = -1, .cut = (long)cut };

	cr_expect_eq(reproduce(&r), 1, "cut after %zu bytes: %s", cut, lab.out);
	expect_nothing_far((long)cut, 0);
}

static unsigned records(size_t ends[RECORDS_MAX])
{
	struct relay whole = { .port = RELAY_PORT, .to = EGG_PORT, .flip = -1, .cut = -1 };
	unsigned n;

	cr_assert_eq(reproduce(&whole), 0, "%s", lab.err);
	n = find_records(whole.said, *whole.said_n, ends);
	/* First, third, keys, and more than one piece: else this says little. */
	cr_assert_geq(n, 5);
	far("down");
	lab_expect(&lab, 0, "down");
	lab_sh(&lab, "rm %s/far/lab.generation", lab.dir);
	lay_egg();
	return n;
}

Test(lab_98_spore_cut, a_what_the_mother_says_is_cut_everywhere)
{
	size_t ends[RECORDS_MAX], from = 0;
	unsigned n;

	begin();
	n = records(ends);
	for (unsigned i = 0; i < n; i++) {
		expect_cut_is_harmless((from + ends[i]) / 2);
		expect_cut_is_harmless(ends[i] - 1);
		if (i + 1 < n)
			expect_cut_is_harmless(ends[i]);
		from = ends[i];
	}
	lab_ctl(&lab, "reproduce " LAB_CLIENT_V4 ":%d", EGG_PORT);
	lab_expect(&lab, 0, "lab is laid there");
	expect_daughter();
	far("down");
}

/* Of what the egg says: its message of the handshake, and the head of its stream. */
Test(lab_98_spore_cut, b_what_the_egg_says_is_cut_everywhere)
{
	const long cuts[] = { 1, HANDSHAKE_SECOND_BYTES / 2, HANDSHAKE_SECOND_BYTES, HANDSHAKE_SECOND_BYTES + 12,
		HANDSHAKE_SECOND_BYTES + SECRET_STREAM_HEAD_BYTES - 1 };
	struct relay r = { .port = RELAY_PORT, .to = EGG_PORT, .flip = -1, .cut = -1 };

	begin();
	for (unsigned i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		r.cut_back = cuts[i];
		cr_expect_eq(reproduce(&r), 1, "cut after %ld bytes of the egg: %s", cuts[i], lab.out);
		expect_nothing_far(-1, cuts[i]);
	}
	/* In its last word the organism is there, and the mother says that she does not know. */
	r.cut_back = HANDSHAKE_SECOND_BYTES + SECRET_STREAM_HEAD_BYTES + 10;
	cr_expect_eq(reproduce(&r), 1);
	lab_expect(&lab, 1, "it is not known how it ended there");
	expect_daughter();
	far("down");
}
