/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzzes what linked hosts say: what is taken is in its bounds, and written again it is the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "link/record.h"
#include "link/spread.h"
#include "link/succession.h"

#define REQUIRE(what)          \
	do {                   \
		if (!(what))   \
			abort(); \
	} while (0)

static uint8_t room[RECORD_FAMILY_BYTES];

static void fuzz_hello(const uint8_t *data)
{
	struct record_hello r;

	if (record_hello_read(&r, data))
		return;
	REQUIRE(r.id && r.port && r.relation < RELATION_COUNT && strlen(r.dna_sha256) == HOST_DNA - 1);
	record_hello_write(&r, room);
	REQUIRE(!memcmp(room, data, RECORD_HELLO_BYTES));
}

static void fuzz_ban(const uint8_t *data)
{
	struct record_ban r;

	if (record_ban_read(&r, data))
		return;
	REQUIRE((r.source.family == 4 || r.source.family == 6) && r.source.bits < (r.source.family == 4 ? 32 : 64));
	REQUIRE(r.left_ms <= RECORD_LEFT_MS && r.lifted <= 1 && memchr(r.detail, 0, TIDING_DETAIL));
	record_ban_write(&r, room);
	REQUIRE(!memcmp(room, data, RECORD_BAN_BYTES));
}

static void fuzz_signal(const uint8_t *data)
{
	struct record_signal r;

	if (record_signal_read(&r, data))
		return;
	REQUIRE(r.kind < HORMONE_COUNT && r.class < CLASS_COUNT && r.strength_q16 && r.strength_q16 <= Q16_ONE && r.hops);
	record_signal_write(&r, room);
	REQUIRE(!memcmp(room, data, RECORD_SIGNAL_BYTES));
}

static void fuzz_contagion(const uint8_t *data)
{
	struct record_contagion r;

	if (record_contagion_read(&r, data))
		return;
	REQUIRE(r.fingerprint && r.host && r.deaths && r.deaths <= PATHOGEN_DEADLY && memchr(r.detail, 0, ANTIGEN_DETAIL));
	record_contagion_write(&r, room);
	REQUIRE(!memcmp(room, data, RECORD_CONTAGION_BYTES));
}

static void fuzz_vitals(const uint8_t *data)
{
	struct host_vitals v;

	if (record_vitals_read(&v, data))
		return;
	REQUIRE(v.busy_permille <= 1000 && v.key_generation);
	record_vitals_write(&v, room);
	REQUIRE(!memcmp(room, data, RECORD_VITALS_BYTES));
}

static void fuzz_host(const uint8_t *data)
{
	struct record_host r;

	if (record_host_read(&r, data))
		return;
	record_host_write(&r, room);
	REQUIRE(!memcmp(room, data, RECORD_HOST_BYTES));
}

static void fuzz_vote(const uint8_t *data)
{
	struct record_vote r;

	if (record_vote_read(&r, data))
		return;
	REQUIRE(r.voter && r.target && r.family && r.family <= RECORD_FAMILY_MOST && r.withdrawn <= 1);
	record_vote_write(&r, room);
	REQUIRE(!memcmp(room, data, RECORD_VOTE_BYTES));
}

/* What is said over a link, and what a file may hold. */
static void fuzz_heir(const uint8_t *data)
{
	struct heir h;

	if (!heir_read(&h, data))
		return;
	REQUIRE(h.identity.credential.generation);
	heir_write(&h, room);
	REQUIRE(!memcmp(room, data, HEIR_BYTES));
}

static void fuzz_succession(const uint8_t *data, size_t n)
{
	struct heir now = { .identity = { .credential = { .generation = 1 } } };
	struct identity before = { 0 };

	/* For the key that the file names: whatever follows, nobody has sealed it. */
	memcpy(now.identity.credential.public, data, SECRET_PUBLIC_BYTES);
	REQUIRE(!succession_walk(&now, &before, data, n));
	REQUIRE(now.identity.credential.generation == 1 && !before.credential.generation);
}

static void fuzz_beat(const uint8_t *data)
{
	struct record_beat r;

	if (record_beat_read(&r, data))
		return;
	record_beat_write(&r, room);
	REQUIRE(!memcmp(room, data, RECORD_BEAT_BYTES));
}

static void fuzz_family(const uint8_t *data, size_t n)
{
	static struct record_kin kin[HOSTS_MAX];
	int count = record_family_read(kin, data, n);

	if (count < 0)
		return;
	REQUIRE((size_t)count * RECORD_KIN_BYTES == n);
	for (int i = 0; i < count; i++)
		REQUIRE(kin[i].id && kin[i].relation < RELATION_COUNT && memchr(kin[i].address, 0, HOST_ADDRESS));
}

static void fuzz_spread(const uint8_t *data)
{
	struct spread s;

	if (spread_read(&s, data))
		return;
	REQUIRE(s.generation && s.origin && s.stamp && s.n <= SPREAD_MOST);
	spread_write(&s, room);
	REQUIRE(!memcmp(room, data, SPREAD_BYTES));
}

static void fuzz_ask(const uint8_t *data)
{
	struct spread_ask a;

	if (spread_ask_read(&a, data))
		return;
	REQUIRE(a.from < a.upto && a.upto <= SPREAD_MOST && a.upto - a.from <= SPREAD_WINDOW);
	spread_ask_write(&a, room);
	REQUIRE(!memcmp(room, data, SPREAD_ASK_BYTES));
}

static void fuzz_piece(const uint8_t *data, size_t n)
{
	static uint8_t whole[SPREAD_PIECE_HEAD + SPREAD_PIECE_MOST];
	struct spread_piece p;

	if (spread_piece_read(&p, data, n))
		return;
	REQUIRE(p.n && p.n <= SPREAD_PIECE_MOST && p.at + p.n <= SPREAD_MOST);
	REQUIRE(spread_piece_write(&p, whole) == n && !memcmp(whole, data, n));
}

static void fuzz_uptake(const uint8_t *data)
{
	struct uptake u;

	if (spread_uptake_read(&u, data))
		return;
	REQUIRE(u.host && u.stamp && u.state < UPTAKE_STATES && memchr(u.why, 0, UPTAKE_WHY));
	spread_uptake_write(&u, room);
	REQUIRE(!memcmp(room, data, SPREAD_UPTAKE_BYTES));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	/* A length of its own for each that has one: a read beyond it is seen. */
	if (n == RECORD_HELLO_BYTES) {
		fuzz_hello(data);
		fuzz_ban(data);
	}
	if (n == HEIR_BYTES)
		fuzz_heir(data);
	if (n >= SUCCESSION_BYTES)
		fuzz_succession(data, n / SUCCESSION_BYTES);
	if (n == RECORD_HOST_BYTES)
		fuzz_host(data);
	if (n == RECORD_VOTE_BYTES)
		fuzz_vote(data);
	if (n == RECORD_VITALS_BYTES)
		fuzz_vitals(data);
	if (n == RECORD_CONTAGION_BYTES)
		fuzz_contagion(data);
	if (n == RECORD_SIGNAL_BYTES)
		fuzz_signal(data);
	if (n == RECORD_BEAT_BYTES)
		fuzz_beat(data);
	if (n == SPREAD_BYTES)
		fuzz_spread(data);
	if (n == SPREAD_ASK_BYTES)
		fuzz_ask(data);
	if (n == SPREAD_UPTAKE_BYTES)
		fuzz_uptake(data);
	fuzz_piece(data, n);
	fuzz_family(data, n);
	return 0;
}
