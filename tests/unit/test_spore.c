/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The spore's bytes: a fixed vector; truncated, altered, foreign, of another version or form: refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "link/bans.h"
#include "link/spore.h"
#include "link/wire.h"

#define NOW 1700000000ULL

static struct identity mother;
static uint8_t bytes[4096], gene[300];
static uint64_t n;

/* The pair of RFC 8032, section 7.1, test 1: what is made with it is the same everywhere and for ever. */
static const uint8_t seed[32] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
	0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };

static void pack(struct spore *s)
{
	s->credential = mother.credential;
	n = (uint64_t)spore_size(s);
	cr_assert_leq(n, sizeof(bytes));
	spore_write(s, mother.seed, bytes);
}

static struct spore whole(void)
{
	return (struct spore){ .generation = 3, .parts = 4, .part = { { SPORE_ORIGIN, 0, (const uint8_t *)"/etc/dna.conf", 13, { 0 } },
		{ SPORE_DNA, 0, (const uint8_t *)"organism = \"lab\"\n", 17, { 0 } }, { SPORE_GENE, 1, gene, sizeof(gene), { 0 } },
		{ SPORE_GENE, 5, gene, 7, { 0 } } } };
}

static void begin(void)
{
	struct spore s = whole();

	mother = (struct identity){ .credential.generation = 1 };
	memcpy(mother.seed, seed, sizeof(seed));
	secret_public(seed, mother.credential.public);
	for (unsigned i = 0; i < sizeof(gene); i++)
		gene[i] = (uint8_t)i;
	pack(&s);
}

TestSuite(spore, .init = begin, .timeout = 20);

static int read_it(struct spore *s)
{
	return spore_read(s, bytes, n, mother.credential.public, NOW);
}

Test(spore, what_is_written_is_read)
{
	struct spore s;

	cr_assert_eq(read_it(&s), 0);
	cr_expect(s.generation == 3 && s.parts == 4 && s.credential.generation == 1);
	cr_expect(spore_find(&s, SPORE_GENE, 5)->n == 7 && !spore_find(&s, SPORE_GENE, 2) && !spore_find(&s, SPORE_BANS, 0));
	cr_expect(!memcmp(spore_find(&s, SPORE_DNA, 0)->bytes, "organism", 8));
}

Test(spore, a_fixed_vector)
{
	static const uint8_t head[16] = { 'c', 'w', 's', 'p', 'o', 'r', 'e', '\n', SPORE_VERSION, 0, 4, 0, 3 };
	uint8_t digest[32];
	char hex[65];

	cr_expect_eq(n, 168 + 4 * 48 + 13 + 17 + 300 + 7 + 64);
	cr_expect_arr_eq(bytes, head, 16);
	cr_expect_eq(wire_get64(bytes + 16), n);
	secret_digest(bytes, n, hex);
	cr_expect_str_eq(hex, "62950ed7cd91e75035917404f2a8f8df44514d143a6f69355209e246e9eb3bd3", "the bytes are others than before, %s: raise SPORE_VERSION", hex);
	secret_hash(digest, gene, 7);
	cr_expect_arr_eq(bytes + n - 64 - 7 - 32, digest, 32);
}

Test(spore, every_truncation_is_refused)
{
	uint64_t all = n;
	struct spore s;

	for (n = 0; n < all; n++) {
		/* In memory of exactly that size, so that a look beyond it is found by the sanitizers. */
		uint8_t *part = malloc(n + !n);

		memcpy(part, bytes, n);
		cr_expect_neq(spore_read(&s, part, n, mother.credential.public, NOW), 0, "%llu bytes", (unsigned long long)n);
		free(part);
	}
	n = all + 1;
	cr_expect_eq(read_it(&s), -EBADMSG);
}

Test(spore, every_altered_byte_is_refused)
{
	struct spore s;

	for (uint64_t i = 0; i < n; i++) {
		bytes[i] ^= 0x40;
		cr_expect_neq(read_it(&s), 0, "byte %llu", (unsigned long long)i);
		bytes[i] ^= 0x40;
	}
	cr_expect_eq(read_it(&s), 0);
}

Test(spore, of_another_organism)
{
	struct identity other;
	struct spore s;

	identity_make(&other);
	cr_expect_eq(spore_read(&s, bytes, n, other.credential.public, NOW), -EACCES);
}

/* Signed anew after a change: the form itself is judged. */
static void sign_again(void)
{
	uint8_t text[13 + 32] = "cellws-spore";

	secret_hash(text + 13, bytes, n - 64);
	secret_sign(bytes + n - 64, mother.seed, text, sizeof(text));
}

Test(spore, another_version)
{
	struct spore s;

	bytes[8] = SPORE_VERSION + 1;
	sign_again();
	cr_expect_eq(read_it(&s), -EPROTONOSUPPORT);
}

Test(spore, lengths_are_judged_though_they_are_signed)
{
	static const uint64_t lies[] = { 14, 12, UINT64_MAX, UINT64_MAX - 47, 1ULL << 63, 512 };
	struct spore s;

	for (unsigned i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		wire_put64(bytes + 168 + 8, lies[i]);
		sign_again();
		cr_expect_eq(read_it(&s), -EBADMSG, "%llx", (unsigned long long)lies[i]);
	}
	/* A gene may be long, but not longer than what there is: reading it would leave the memory. */
	wire_put64(bytes + 168 + 8, 13);
	wire_put64(bytes + 168 + 48 + 13 + 48 + 17 + 8, 255u << 20);
	sign_again();
	cr_expect_eq(read_it(&s), -EBADMSG);
}

Test(spore, order_and_number_of_parts)
{
	struct spore s = whole(), got;

	s.part[2].route = 6;
	pack(&s);
	cr_expect_eq(read_it(&got), -EBADMSG, "genes out of order");
	s.part[2].route = 5;
	pack(&s);
	cr_expect_eq(read_it(&got), -EBADMSG, "a gene twice");
	s = whole();
	s.part[1].kind = SPORE_ORIGIN;
	s.part[1].n = 3;
	pack(&s);
	cr_expect_eq(read_it(&got), -EBADMSG, "no DNA");
	s = whole();
	s.parts = 3;
	pack(&s);
	cr_expect_eq(read_it(&got), 0);
	bytes[10] = 4;
	sign_again();
	cr_expect_eq(read_it(&got), -EBADMSG, "a part less than it says");
	bytes[10] = 2;
	sign_again();
	cr_expect_eq(read_it(&got), -EBADMSG, "a part more than it says");
	bytes[10] = 0xff;
	bytes[11] = 0xff;
	sign_again();
	cr_expect_eq(read_it(&got), -EBADMSG);
}

Test(spore, too_large_is_never_written)
{
	struct spore s = whole();

	s.part[2].n = (256u << 20) + 1;
	cr_expect_eq(spore_size(&s), -EMSGSIZE);
	s.part[2].n = s.part[3].n = 256u << 20;
	cr_expect_eq(spore_size(&s), -EMSGSIZE);
}

Test(spore, bans)
{
	const struct ban_wire b = { 4, 32, 2, 3, { 10, 99, 5, 5 }, 60000 };
	static const uint8_t vector[BAN_WIRE_BYTES] = { 4, 32, 2, 0, 3, 0, 0, 0, 10, 99, 5, 5, [24] = 0x60, 0xea };
	uint8_t wire[BAN_WIRE_BYTES];
	struct ban_wire got;

	ban_wire_write(&b, wire);
	cr_expect_arr_eq(wire, vector, sizeof(wire));
	cr_expect(!ban_wire_read(&got, wire) && got.left_ms == 60000 && got.bits == 32 && got.offences == 3);
	wire[1] = 33;
	cr_expect_eq(ban_wire_read(&got, wire), -EBADMSG);
	wire[1] = 32;
	wire[0] = 5;
	cr_expect_eq(ban_wire_read(&got, wire), -EBADMSG);
	wire[0] = 4;
	wire[23] = 1;
	cr_expect_eq(ban_wire_read(&got, wire), -EBADMSG);
	wire[23] = 0;
	wire[31] = 0xff;
	cr_expect_eq(ban_wire_read(&got, wire), -EBADMSG);
}
