/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzzes what reads a spore: any bytes, signed by the right key, are refused or make a spore whose parts lie inside them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "link/bans.h"
#include "link/immunity.h"
#include "link/spore.h"

#define REQUIRE(what)          \
	do {                   \
		if (!(what))   \
			abort(); \
	} while (0)

static struct identity mother;

static void require_parts(const struct spore *s, const uint8_t *bytes, size_t n)
{
	REQUIRE(s->parts <= SPORE_PARTS_MAX && spore_find(s, SPORE_DNA, 0) && spore_find(s, SPORE_ORIGIN, 0));
	for (unsigned i = 0; i < s->parts; i++) {
		const struct spore_part *p = &s->part[i];

		REQUIRE(p->bytes >= bytes && p->n <= n && p->bytes + p->n <= bytes + n - SPORE_END_BYTES);
	}
}

static void read_bans(const struct spore *s)
{
	const struct spore_part *p = spore_find(s, SPORE_BANS, 0);
	struct ban_wire b;

	for (uint64_t at = 0; p && p->n - at >= BAN_WIRE_BYTES; at += BAN_WIRE_BYTES)
		if (!ban_wire_read(&b, p->bytes + at)) {
			uint8_t again[BAN_WIRE_BYTES];

			ban_wire_write(&b, again);
			REQUIRE(!memcmp(again, p->bytes + at, sizeof(again)));
		}
}

/* What is taken is written again as it was. */
static void read_immunity(const struct spore *s)
{
	const uint64_t now = 20ULL * 365 * 86400 * 1000000000ULL;
	const struct spore_part *p = spore_find(s, SPORE_OFFENCES, 0);
	uint8_t again[PATHOGEN_WIRE_BYTES];
	struct pathogen deadly;
	struct offender o;
	struct source who;

	for (uint64_t at = 0; p && p->n - at >= OFFENCE_WIRE_BYTES; at += OFFENCE_WIRE_BYTES)
		if (!offence_wire_read(&who, &o, now, p->bytes + at)) {
			offence_wire_write(&who, &o, now, again);
			REQUIRE(!memcmp(again, p->bytes + at, OFFENCE_WIRE_BYTES));
		}
	p = spore_find(s, SPORE_PATHOGENS, 0);
	for (uint64_t at = 0; p && p->n - at >= PATHOGEN_WIRE_BYTES; at += PATHOGEN_WIRE_BYTES)
		if (!pathogen_wire_read(&deadly, now, p->bytes + at)) {
			pathogen_wire_write(&deadly, now, again);
			REQUIRE(!memcmp(again, p->bytes + at, PATHOGEN_WIRE_BYTES));
		}
}

/* Head and signature are made right, so that the fuzzer reaches what lies between; now and then they are not. */
static void repair(uint8_t *bytes, size_t n)
{
	uint8_t text[13 + 32] = "cellws-spore";
	uint64_t total = n;

	memcpy(bytes, "cwspore\n\2", 10);
	memcpy(bytes + 16, &total, sizeof(total));
	credential_write(&mother.credential, bytes + 24);
	secret_hash(text + 13, bytes, n - SPORE_END_BYTES);
	secret_sign(bytes + n - SPORE_END_BYTES, mother.seed, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct spore s;
	uint8_t *bytes = malloc(n + !n);

	if (!mother.credential.generation)
		REQUIRE(!identity_make(&mother));
	memcpy(bytes, data, n);
	REQUIRE(spore_read(&s, bytes, n, mother.credential.public, 0) < 0);
	/* Digests keep the fuzzer from parts: their readers are tried without. */
	s = (struct spore){ .parts = 2, .part = { { .kind = SPORE_OFFENCES, .bytes = bytes, .n = n },
		{ .kind = SPORE_PATHOGENS, .bytes = bytes, .n = n } } };
	read_immunity(&s);
	if (n >= SPORE_HEAD_BYTES + SPORE_END_BYTES) {
		repair(bytes, n);
		if (!spore_read(&s, bytes, n, mother.credential.public, 0)) {
			require_parts(&s, bytes, n);
			read_bans(&s);
			read_immunity(&s);
		}
	}
	free(bytes);
	return 0;
}
