/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new DNA between hosts: fixed vectors, there and back; what nobody could have written or signed is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "link/spread.h"
#include "link/wire.h"

static const uint8_t seed[SECRET_SEED_BYTES] = { 7 }, other[SECRET_SEED_BYTES] = { 8 };
static uint8_t public[SECRET_PUBLIC_BYTES], bytes[SPREAD_PIECE_HEAD + SPREAD_PIECE_MOST], *body;
static struct spread word;
static struct spore parts;

/* A DNA with one gene, as `cellctl mutate` makes it. */
static void make(enum spore_kind third)
{
	struct spore s = { .generation = 3, .credential = { .generation = 1 }, .parts = 3 };
	char hex[65];

	secret_public(seed, public);
	memcpy(s.credential.public, public, sizeof(public));
	s.part[0] = (struct spore_part){ .kind = SPORE_ORIGIN, .bytes = (const uint8_t *)"/dna.conf", .n = 9 };
	s.part[1] = (struct spore_part){ .kind = SPORE_DNA, .bytes = (const uint8_t *)"text", .n = 4 };
	s.part[2] = (struct spore_part){ .kind = third, .bytes = (const uint8_t *)"gene", .n = 4 };
	word = (struct spread){ .generation = 3, .n = (uint64_t)spore_size(&s), .origin = 0x0102030405060708, .stamp = 5 };
	body = malloc(word.n);
	spore_write(&s, seed, body);
	secret_hash(word.digest, body, word.n);
	secret_digest("text", 4, hex);
	for (unsigned i = 0; i < 32; i++)
		word.dna[i] = (uint8_t)strtoul((char[]){ hex[2 * i], hex[2 * i + 1], 0 }, NULL, 16);
	spread_sign(&word, seed);
}

static void begin(void)
{
	make(SPORE_GENE);
}

static void end(void)
{
	free(body);
}

TestSuite(spread, .init = begin, .fini = end, .timeout = 20);

Test(spread, the_word_comes_back_as_it_went)
{
	static const uint8_t head[32] = { 3, 0, 0, 0, 0, 0, 0, 0, 0x89, 1, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 5 };
	struct spread back;

	spread_write(&word, bytes);
	cr_expect_arr_eq(bytes, head, sizeof(head));
	cr_assert_eq(spread_read(&back, bytes), 0);
	cr_expect(!memcmp(&back, &word, sizeof(back)));
	cr_expect(spread_is_signed(&back, public));
}

Test(spread, every_byte_of_it_is_signed)
{
	struct spread back;

	for (unsigned i = 0; i < SPREAD_BYTES; i++) {
		spread_write(&word, bytes);
		bytes[i] ^= 1;
		cr_expect(spread_read(&back, bytes) || !spread_is_signed(&back, public), "byte %u", i);
	}
	spread_sign(&word, other);
	cr_expect(!spread_is_signed(&word, public));
}

Test(spread, what_could_not_be_is_refused)
{
	static const struct {
		unsigned at, n;
		uint8_t to;
	} harm[] = { { 0, 4, 0 }, { 4, 1, 1 }, { 8, 8, 0 }, { 12, 1, 1 }, { 16, 8, 0 }, { 24, 8, 0 } };
	struct spread back;

	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		spread_write(&word, bytes);
		memset(bytes + harm[i].at, harm[i].to, harm[i].n);
		cr_expect_eq(spread_read(&back, bytes), -EBADMSG, "harm %u", i);
	}
}

Test(spread, the_higher_generation_holds_and_of_two_the_higher_digest)
{
	struct spread next = word;

	cr_expect(!spread_is_newer(&next, &word));
	next.digest[0] = (uint8_t)(word.digest[0] ^ 0x80);
	cr_expect_neq(spread_is_newer(&next, &word), spread_is_newer(&word, &next));
	next.generation = 4;
	cr_expect(spread_is_newer(&next, &word) && !spread_is_newer(&word, &next));
}

Test(spread, the_dna_is_what_the_word_says)
{
	struct spread wrong = word;

	cr_assert_eq(spread_open(&word, body, public, 0, &parts), 0);
	cr_expect_eq(spore_find(&parts, SPORE_GENE, 0)->n, 4);
	for (uint64_t i = 0; i < word.n; i++) {
		body[i] ^= 1;
		cr_expect_eq(spread_open(&word, body, public, 0, &parts), -EBADMSG, "byte %u", (unsigned)i);
		body[i] ^= 1;
	}
	wrong.generation = 4;
	cr_expect_eq(spread_open(&wrong, body, public, 0, &parts), -EBADMSG);
	wrong = word;
	wrong.dna[31] ^= 1;
	cr_expect_eq(spread_open(&wrong, body, public, 0, &parts), -EBADMSG);
	secret_public(other, public);
	cr_expect_eq(spread_open(&word, body, public, 0, &parts), -EACCES);
}

/* Bans or keys of a whole spore have no business there. */
Test(spread, nothing_but_text_and_genes)
{
	free(body);
	make(SPORE_BANS);
	cr_expect_eq(spread_open(&word, body, public, 0, &parts), -EBADMSG);
}

Test(spread, what_is_asked_for_is_bounded)
{
	struct spread_ask ask = { .which = 1, .from = 2, .upto = 2 + SPREAD_WINDOW }, back;

	spread_ask_write(&ask, bytes);
	cr_assert_eq(spread_ask_read(&back, bytes), 0);
	cr_expect(back.which == 1 && back.from == 2 && back.upto == ask.upto);
	ask.upto++;
	spread_ask_write(&ask, bytes);
	cr_expect_eq(spread_ask_read(&back, bytes), -EBADMSG);
	ask.upto = ask.from;
	spread_ask_write(&ask, bytes);
	cr_expect_eq(spread_ask_read(&back, bytes), -EBADMSG);
	ask = (struct spread_ask){ .from = SPREAD_MOST, .upto = SPREAD_MOST + 1 };
	spread_ask_write(&ask, bytes);
	cr_expect_eq(spread_ask_read(&back, bytes), -EBADMSG);
}

Test(spread, pieces_lie_inside)
{
	static const uint8_t vector[] = { 9, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 'a', 'b' };
	struct spread_piece p = { .which = 9, .at = 4, .bytes = (const uint8_t *)"ab", .n = 2 }, back;

	cr_assert_eq(spread_piece_write(&p, bytes), sizeof(vector));
	cr_expect_arr_eq(bytes, vector, sizeof(vector));
	cr_assert_eq(spread_piece_read(&back, bytes, sizeof(vector)), 0);
	cr_expect(back.which == 9 && back.at == 4 && back.n == 2 && !memcmp(back.bytes, "ab", 2));
	cr_expect_eq(spread_piece_read(&back, bytes, SPREAD_PIECE_HEAD), -EBADMSG);
	wire_put64(bytes + 8, SPREAD_MOST - 1);
	cr_expect_eq(spread_piece_read(&back, bytes, sizeof(vector)), -EBADMSG);
	wire_put64(bytes + 8, UINT64_MAX);
	cr_expect_eq(spread_piece_read(&back, bytes, sizeof(vector)), -EBADMSG);
}

Test(spread, what_hosts_make_of_it)
{
	static const struct {
		unsigned at;
		uint8_t to;
	} harm[] = { { 28, 0 }, { 28, 3 }, { 28, UPTAKE_FORCE }, { 36, 1 }, { 72, 0 }, { 72, 7 }, { 199, 1 } };
	struct uptake u = { .host = 1, .stamp = 2, .which = 3, .generation = 4, .state = UPTAKE_REFUSED, .now = 5, .dna = { 6 }, .why = "no" };
	uint8_t record[SPREAD_UPTAKE_BYTES];
	struct uptake back;

	spread_uptake_write(&u, record);
	cr_assert_eq(spread_uptake_read(&back, record), 0);
	cr_expect(!memcmp(&back, &u, sizeof(u)));
	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		spread_uptake_write(&u, record);
		record[harm[i].at] = harm[i].to;
		cr_expect_eq(spread_uptake_read(&back, record), -EBADMSG, "harm %u", i);
	}
}
