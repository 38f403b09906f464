/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What nobody of the organism would say to an egg or to a linked host: refused, said once in the log, and the next is heard. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "caller.h"
#include "lab.h"
#include "link/host.h"
#include "link/spore.h"
#include "link/wire.h"
#include "tissue/key.h"

LAB_SUITE(lab_98_link_words, 90);

#define EGG_PORT  7946
#define LINK_PORT 7946
#define HOST_ID	  77
#define LINES_S	  1.05 /* the egg says one line in a second */

static struct identity mother, stranger;
static uint8_t spore[8192], keys[KEY_BYTES + SECRET_SEED_BYTES + SPORE_FINGERPRINT_KEY], answer[STREAM_MOST + 2];
static size_t spore_n;
static char text[4096];
static struct caller c;

static int far(const char *words)
{
	return lab_sh(&lab, "mkdir -p %s/far && exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s/far --bpffs %s/far",
		lab.bpffs, lab.client, lab_here(), words, lab.dir, lab.bpffs);
}

static void lay_egg(void)
{
	char key[64], words[128];

	secret_write(mother.credential.public, SECRET_PUBLIC_BYTES, key, sizeof(key));
	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:%d --trust %s", EGG_PORT, key);
	far(words);
	lab_expect(&lab, 0, "an egg waits");
}

/* A spore as a real mother would write it: static files need no gene. dna: more text of it. */
static void pack(const struct identity *by, uint32_t generation, const char *dna, size_t kin_n)
{
	static const uint8_t kin[RECORD_KIN_BYTES + 1];
	struct spore s = { .generation = generation, .credential = by->credential, .parts = kin_n ? 3 : 2 };

	snprintf(text, sizeof(text), "organism = \"lab\"\nlisten = \"0.0.0.0:%d\"\nroute \"/\" { gene = \"static\" root = \"%s\" }\n%s", LAB_PORT,
		lab.root, dna);
	s.part[0] = (struct spore_part){ .kind = SPORE_ORIGIN, .bytes = (const uint8_t *)lab.dna, .n = strlen(lab.dna) };
	s.part[1] = (struct spore_part){ .kind = SPORE_DNA, .bytes = (const uint8_t *)text, .n = strlen(text) };
	s.part[2] = (struct spore_part){ .kind = SPORE_FAMILY, .bytes = kin, .n = kin_n };
	spore_n = (size_t)spore_size(&s);
	cr_assert_leq(spore_n, sizeof(spore));
	spore_write(&s, by->seed, spore);
}

static void begin(void)
{
	memcpy(keys + KEY_BYTES, mother.seed, SECRET_SEED_BYTES);
	pack(&mother, 2, "", 0);
}

static void say_keys(void)
{
	caller_say(&c, STREAM_KEYS, keys, sizeof(keys), false, -1);
}

static void say_spore(void)
{
	say_keys();
	caller_say(&c, STREAM_PIECE, spore, spore_n, true, -1);
}

static void piece_before_keys(void)
{
	caller_say(&c, STREAM_PIECE, spore, spore_n, true, -1);
}

static void keys_twice(void)
{
	say_keys();
	say_keys();
}

static void another_kind(void)
{
	caller_say(&c, STREAM_ACCEPTED, "yes", 3, false, -1);
}

static void altered_frame(void)
{
	say_keys();
	caller_say(&c, STREAM_PIECE, spore, spore_n, true, 300);
}

static void another_version(void)
{
	spore[8]++;
	say_spore();
}

static void too_large(void)
{
	wire_put64(spore + 16, SPORE_MOST + 1);
	say_spore();
}

static void more_than_announced(void)
{
	wire_put64(spore + 16, spore_n - 1);
	say_spore();
}

static void less_than_announced(void)
{
	spore_n--;
	say_spore();
}

static void altered_spore(void)
{
	spore[SPORE_HEAD_BYTES + SPORE_PART_BYTES + 3] ^= 1;
	say_spore();
}

static void another_organism(void)
{
	pack(&stranger, 2, "", 0);
	say_spore();
}

static void another_seed(void)
{
	keys[KEY_BYTES] ^= 1;
	say_spore();
}

static void wrong_dna(void)
{
	pack(&mother, 2, "cells { max = 0 }", 0);
	say_spore();
}

static void wrong_relatives(void)
{
	pack(&mother, 2, "link { listen = \"0.0.0.0:7946\" }", RECORD_KIN_BYTES + 1);
	say_spore();
}

/* X(say, "what the log says", "what is answered", or NULL: nothing) */
#define WRONGS(X)                                                                                \
	X(piece_before_keys, "not in order; nothing is installed: Protocol error", NULL)          \
	X(keys_twice, "not in order; nothing is installed: Protocol error", NULL)                 \
	X(another_kind, "not in order; nothing is installed: Protocol error", NULL)               \
	X(altered_frame, "not in order; nothing is installed: Bad message", NULL)                 \
	X(another_version, "not in order; nothing is installed: Protocol not supported", NULL)    \
	X(too_large, "not in order; nothing is installed: Message too long", NULL)                \
	X(more_than_announced, "not in order; nothing is installed: Message too long", NULL)      \
	X(less_than_announced, "the spore is refused; nothing is installed: Bad message", "damaged") \
	X(altered_spore, "the spore is refused; nothing is installed: Bad message", "damaged")     \
	X(another_organism, "the spore is refused; nothing is installed: Permission denied", "damaged") \
	X(another_seed, "the spore is refused; nothing is installed", "secret key that came along is not its own") \
	X(wrong_dna, "the spore is refused; nothing is installed", "cells.max")                   \
	X(wrong_relatives, "the spore is refused; nothing is installed", "relatives is malformed")

static const struct wrong {
	const char *name;
	void (*say)(void);
	const char *log, *answer;
} wrongs[] = {
#define X(name, log, answer) { #name, name, log, answer },
	WRONGS(X)
#undef X
};

/* Lines that the egg has said to its log; the last one stays in lab.out. */
static unsigned lines(void)
{
	unsigned n;

	lab_sh(&lab, "grep -c '^cellctl: egg: ' %s/far/egg.log", lab.dir);
	n = (unsigned)atoi(lab.out);
	lab_sh(&lab, "grep '^cellctl: egg: ' %s/far/egg.log | tail -1", lab.dir);
	return n;
}

static bool has_said(void *arg)
{
	return lines() >= *(unsigned *)arg;
}

static bool is_over(void *arg)
{
	return lab_now() >= *(double *)arg;
}

static void expect_nothing_far(const char *after)
{
	char path[128];

	for (const char *const *leaf = (const char *const[]){ "far/lab", "far/lab.genes", "far/lab.genes.new", "bpf/far/cellws", NULL };
		*leaf; leaf++) {
		snprintf(path, sizeof(path), "%s/%s", lab.dir, *leaf);
		cr_expect_neq(access(path, F_OK), 0, "%s: %s is there", after, path);
	}
}

static void expect_refused(const struct wrong *w)
{
	unsigned before = lines(), wanted = before + 1;
	double next = lab_now() + LINES_S;
	int n;

	begin();
	cr_assert(caller_open(&c, "127.0.0.1", EGG_PORT, &mother, HANDSHAKE_SPORE), "%s: the egg does not listen", w->name);
	w->say();
	n = caller_hear(&c, answer);
	cr_expect_eq(n > 0, w->answer != NULL, "%s: %d", w->name, n);
	if (n > 0) {
		answer[n + 1] = 0;
		cr_expect(answer[0] == STREAM_REFUSED && strstr((const char *)answer + 1, w->answer), "%s: %s", w->name, answer + 1);
	}
	caller_close(&c);
	cr_expect(lab_wait(LAB_SOON_S, has_said, &wanted), "%s: the log says nothing", w->name);
	cr_expect_eq(lines(), wanted, "%s: the log says it more than once", w->name);
	cr_expect(strstr(lab.out, w->log), "%s: %s", w->name, lab.out);
	expect_nothing_far(w->name);
	lab_wait(LAB_SOON_S, is_over, &next);
}

/* What the egg says to a spore in good order. */
static int deliver(void)
{
	int n;

	cr_assert(caller_open(&c, "127.0.0.1", EGG_PORT, &mother, HANDSHAKE_SPORE));
	say_spore();
	n = caller_hear(&c, answer);
	cr_assert_gt(n, 0);
	answer[n + 1] = 0;
	caller_close(&c);
	return answer[0];
}

Test(lab_98_link_words, a_wrong_words_to_an_egg)
{
	cr_assert(!identity_make(&mother) && !identity_make(&stranger) && !secret_random(keys, KEY_BYTES));
	lay_egg();
	for (unsigned i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++)
		expect_refused(&wrongs[i]);
	begin();
	cr_expect_eq(deliver(), STREAM_ACCEPTED, "%s", answer + 1);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/", NULL), 200);
	/* What was here is newer. */
	far("down");
	lay_egg();
	pack(&mother, 1, "", 0);
	cr_expect(deliver() == STREAM_REFUSED && strstr((const char *)answer + 1, "of generation 1 (key) and 1 (DNA)"), "%s", answer + 1);
	expect_nothing_far("an older generation");
	far("down");
}

/* As the organism certifies a host; the pair is of this test's own. */
static void write_host(uint8_t bytes[RECORD_HOST_BYTES])
{
	static const uint8_t seed[SECRET_SEED_BYTES] = { 7 };
	struct record_host host = { .id = HOST_ID };

	secret_public(seed, host.key);
	host_certify(host.certificate, mother.seed, host.id, host.key);
	host_prove(host.proof, seed, c.handshake.script, false);
	record_host_write(&host, bytes);
}

static void write_hello(uint8_t bytes[RECORD_HELLO_BYTES])
{
	struct record_hello hello = { .id = HOST_ID, .generation = 1, .port = LINK_PORT, .relation = RELATION_MOTHER };

	memset(hello.dna_sha256, 'a', HOST_DNA - 1);
	record_hello_write(&hello, bytes);
}

/* A link to the organism, on which both have said who they are. */
static void link_up(void)
{
	uint8_t host[RECORD_HOST_BYTES], hello[RECORD_HELLO_BYTES];

	cr_assert(caller_open(&c, LAB_SERVER_V4, LINK_PORT, &mother, HANDSHAKE_LINK), "no link");
	write_host(host);
	caller_say(&c, STREAM_HOST, host, sizeof(host), false, -1);
	write_hello(hello);
	caller_say(&c, STREAM_HELLO, hello, sizeof(hello), false, -1);
	cr_assert(caller_hear(&c, answer) == RECORD_HOST_BYTES && answer[0] == STREAM_HOST);
	cr_assert(caller_hear(&c, answer) == RECORD_HELLO_BYTES && answer[0] == STREAM_HELLO);
}

static unsigned log_lines(const char *words)
{
	lab_sh(&lab, "grep -c '%s' %s/lab/log", words, lab.run_dir);
	return (unsigned)atoi(lab.out);
}

static void lay_linked(void)
{
	struct key_ring ring;
	const char *why = "";
	char path[160], more[256];

	snprintf(path, sizeof(path), "%s/secret", lab.dir);
	lab_ctl(&lab, "keygen %s", path);
	cr_assert_eq(key_ring_load(path, &ring, &why), 0, "%s", why);
	mother = ring.identity;
	snprintf(more, sizeof(more), "key = \"%s\"\nlink { listen = \"0.0.0.0:%d\" }\n", path, LINK_PORT);
	lab_up(&lab, more, "");
	cr_assert(!identity_make(&stranger));
}

static bool has_log_line(void *arg)
{
	return log_lines(arg) == 1;
}

Test(lab_98_link_words, b_a_recorded_link_and_strangers_are_answered_with_nothing)
{
	uint8_t beat[RECORD_BEAT_BYTES];
	struct caller other;
	size_t back = 0;
	double since;

	lay_linked();
	link_up();
	record_beat_write(&(struct record_beat){ .sent_ns = 1, .reach = 1 }, beat);
	caller_say(&c, STREAM_BEAT, beat, sizeof(beat), false, -1);
	caller_close(&c);
	since = lab_now();
	cr_expect_eq(caller_replay(LAB_SERVER_V4, LINK_PORT, c.said, c.said_n), 0, "what was said before is answered");
	cr_expect_gt(lab_now() - since, 4.9);
	cr_expect(!caller_open(&other, LAB_SERVER_V4, LINK_PORT, &stranger, HANDSHAKE_LINK), "another organism is answered");
	caller_close(&other);
	cr_expect(!caller_open(&other, LAB_SERVER_V4, LINK_PORT, &mother, HANDSHAKE_SPORE), "a spore is let in as a link");
	cr_expect(caller_is_left(&other, &back) && !back);
	caller_close(&other);
	cr_expect_eq(log_lines("linked to"), 1);
}

static void altered_beat(void)
{
	uint8_t beat[RECORD_BEAT_BYTES];

	record_beat_write(&(struct record_beat){ .sent_ns = 1, .reach = 1 }, beat);
	caller_say(&c, STREAM_BEAT, beat, sizeof(beat), false, 20);
}

static void malformed_beat(void)
{
	const uint8_t beat[RECORD_BEAT_BYTES] = { 0 };

	caller_say(&c, STREAM_BEAT, beat, sizeof(beat), false, -1);
}

static void second_hello(void)
{
	uint8_t hello[RECORD_HELLO_BYTES];

	write_hello(hello);
	caller_say(&c, STREAM_HELLO, hello, sizeof(hello), false, -1);
}

static void expect_link_ends(void (*say)(void), char *log)
{
	link_up();
	say();
	cr_expect(caller_is_left(&c, NULL), "the link goes on: %s", log);
	caller_close(&c);
	cr_expect(lab_wait(LAB_SOON_S, has_log_line, log), "%u lines: %s", log_lines(log), log);
}

/* What is said instead of a host's own proof, and a word that comes before it: nobody is told that it was there. */
static void expect_unmet(enum stream_kind kind, const void *bytes, size_t n)
{
	cr_assert(caller_open(&c, LAB_SERVER_V4, LINK_PORT, &mother, HANDSHAKE_LINK));
	caller_say(&c, kind, bytes, n, false, -1);
	cr_expect(caller_is_left(&c, NULL), "kind %d", kind);
	caller_close(&c);
}

Test(lab_98_link_words, c_wrong_words_on_a_link_end_it)
{
	uint8_t beat[RECORD_BEAT_BYTES] = { 1 }, host[RECORD_HOST_BYTES], hello[RECORD_HELLO_BYTES];
	char bad[] = "is gone: Bad message", twice[] = "is gone: Protocol error";

	lay_linked();
	expect_link_ends(second_hello, twice);
	expect_link_ends(altered_beat, bad);
	lab_sh(&lab, ": >%s/lab/log", lab.run_dir);
	expect_link_ends(malformed_beat, bad);
	expect_unmet(STREAM_BEAT, beat, sizeof(beat));
	write_hello(hello);
	expect_unmet(STREAM_HELLO, hello, sizeof(hello));
	/* The proof is of the link before. */
	write_host(host);
	expect_unmet(STREAM_HOST, host, sizeof(host));
	link_up();
	caller_close(&c);
}
