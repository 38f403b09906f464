/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every message between hosts as fixed bytes (tests/vectors/link.txt): what was said once is understood by every later version. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lab.h"
#include "link/bans.h"
#include "link/handshake.h"
#include "link/host.h"
#include "link/spore.h"
#include "link/succession.h"
#include "link/wire.h"

#define NOW 1700000000ULL

/* Of RFC 8032, section 7.1: test 1 is the organism, test 2 the egg or the host that is called. */
static const char organism_seed[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char called_seed[] = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

/* Random bytes of these tests: 00 01 02 ..., each once, so that ephemeral keys and heads are the same in every run. */
static uint8_t counter;

static const char *counted_name(void)
{
	return "counted";
}

static void counted_bytes(void *to, const size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = counter++;
}

static uint32_t counted_number(void)
{
	uint32_t n;

	counted_bytes(&n, sizeof(n));
	return n;
}

static struct randombytes_implementation counted = { .implementation_name = counted_name, .random = counted_number,
	.buf = counted_bytes };

static struct identity organism;
static uint8_t called[SECRET_SEED_BYTES];
static struct handshake caller, callee;
static struct handshake_seen seen;
static struct stream out, in, back_out, back_in;

static void from_hex(const char *hex, uint8_t *to, size_t n)
{
	size_t got = 0;

	cr_assert(!sodium_hex2bin(to, n, hex, strlen(hex), NULL, &got, NULL) && got == n, "%s", hex);
}

static void begin(void)
{
	cr_assert_eq(randombytes_set_implementation(&counted), 0);
	cr_assert_geq(sodium_init(), 0);
	counter = 0;
	from_hex(organism_seed, organism.seed, sizeof(organism.seed));
	from_hex(called_seed, called, sizeof(called));
	organism.credential.generation = 1;
	secret_public(organism.seed, organism.credential.public);
}

TestSuite(link_vectors, .init = begin, .timeout = 20);

/* The bytes of a vector: lines are "NAME HEX", or begin with #. How many. */
static size_t read_vector(const char *name, uint8_t *to, size_t room)
{
	static char line[16384];
	char path[320];
	size_t n = 0, name_n = strlen(name);
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/vectors/link.txt", lab_here());
	f = fopen(path, "re");
	cr_assert_not_null(f, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, name, name_n) && line[name_n] == ' ')
			cr_assert_eq(sodium_hex2bin(to, room, line + name_n + 1, strlen(line + name_n + 1), NULL, &n, NULL), 0);
	}
	fclose(f);
	return n;
}

/* What is made is what the file has. */
static void expect(const char *name, const uint8_t *bytes, size_t n)
{
	static uint8_t vector[8192];
	static char hex[2 * 8192 + 1];
	size_t vector_n = read_vector(name, vector, sizeof(vector));

	cr_assert_leq(n, sizeof(vector));
	if (vector_n == n && !memcmp(vector, bytes, n))
		return;
	fprintf(stderr, "made: %s %s\n", name, sodium_bin2hex(hex, sizeof(hex), bytes, n));
	cr_expect_fail("%s is not as it was", name);
}

static void meet(enum handshake_purpose purpose, const char *of)
{
	uint8_t first[HANDSHAKE_FIRST_BYTES], second[HANDSHAKE_SECOND_BYTES], third[HANDSHAKE_THIRD_BYTES];
	uint8_t head[SECRET_STREAM_HEAD_BYTES];
	char name[32];

	cr_assert_eq(handshake_call(&caller, organism.credential.public, &organism, purpose, NOW, first), 0);
	snprintf(name, sizeof(name), "%s.first", of);
	expect(name, first, sizeof(first));
	cr_assert_eq(handshake_hear(&callee, organism.credential.public, called, purpose, NOW, &seen, first, second), 0);
	snprintf(name, sizeof(name), "%s.second", of);
	expect(name, second, sizeof(second));
	cr_assert_eq(handshake_answer(&caller, &organism, NULL, second, third, &out), 0);
	snprintf(name, sizeof(name), "%s.third", of);
	expect(name, third, sizeof(third));
	cr_assert_eq(handshake_close(&callee, third, &in, &back_out, head), 0);
	snprintf(name, sizeof(name), "%s.head", of);
	expect(name, head, sizeof(head));
	cr_assert_eq(handshake_finish(&caller, head, &back_in), 0);
}

/* Sealed, it is the vector; and the vector, opened, is the message. */
static void expect_frame(struct stream *from, struct stream *to, const char *name, enum stream_kind kind, const void *bytes, size_t n,
	bool last)
{
	static uint8_t frame[STREAM_FRAME_MOST], clear[STREAM_MOST + 1], vector[8192];
	enum stream_kind got_kind = 0;
	bool got_last = !last;
	size_t vector_n;
	int length = stream_push(from, kind, bytes, n, last, frame);

	cr_assert_gt(length, 0, "%s", name);
	expect(name, frame, (size_t)length);
	vector_n = read_vector(name, vector, sizeof(vector));
	cr_assert_eq(vector_n, (size_t)length, "%s", name);
	cr_expect_eq(stream_pull(to, vector + STREAM_HEAD_BYTES, vector_n - STREAM_HEAD_BYTES, clear, &got_kind, &got_last), (int)n);
	cr_expect(got_kind == kind && got_last == last && !memcmp(clear + 1, bytes, n), "%s", name);
}

Test(link_vectors, a_spore_is_handed_over)
{
	uint8_t keys[80];

	for (unsigned i = 0; i < sizeof(keys); i++)
		keys[i] = (uint8_t)i;
	meet(HANDSHAKE_SPORE, "spore");
	expect_frame(&out, &in, "frame.keys", STREAM_KEYS, keys, sizeof(keys), false);
	expect_frame(&out, &in, "frame.piece", STREAM_PIECE, "of a spore", 10, false);
	expect_frame(&out, &in, "frame.piece.last", STREAM_PIECE, "the rest", 8, true);
	expect_frame(&back_out, &back_in, "frame.accepted", STREAM_ACCEPTED, "lab", 3, true);
}

Test(link_vectors, b_a_spore_is_refused)
{
	meet(HANDSHAKE_SPORE, "spore");
	expect_frame(&back_out, &back_in, "frame.refused", STREAM_REFUSED, "the spore is damaged", 20, true);
}

static size_t make_hello(uint8_t *to)
{
	struct record_hello r = { .id = 0x0102030405060708, .have = 9, .generation = 3, .port = 7946, .relation = RELATION_MOTHER };

	memcpy(r.dna_sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", HOST_DNA);
	record_hello_write(&r, to);
	return RECORD_HELLO_BYTES;
}

static size_t make_beat(uint8_t *to)
{
	record_beat_write(&(struct record_beat){ .sent_ns = 1000000007, .echo_ns = 900000001, .held_ns = 5000, .reach = 4 }, to);
	return RECORD_BEAT_BYTES;
}

static size_t make_family(uint8_t *to)
{
	const struct record_kin kin[] = { { .id = 7, .relation = RELATION_GRANDMOTHER, .address = "192.0.2.1:7946" },
		{ .id = 9, .relation = RELATION_SISTER, .address = "[2001:db8::9]:7946" } };

	return record_family_write(kin, 2, to);
}

static size_t make_nobody(uint8_t *to)
{
	return record_family_write(NULL, 0, to);
}

static struct record_ban ban(const char *address, uint16_t bits)
{
	struct record_ban r = { .source = { .family = 4, .bits = bits }, .origin = 0x1122334455667788, .stamp = 6, .number = 5,
		.left_ms = 60000, .reason = ANTIGEN_TRAP, .detail = "/wp-login.php" };
	uint32_t four;

	cr_assert_eq(inet_pton(AF_INET, address, &four), 1);
	r.source.key = four;
	return r;
}

static size_t make_ban(uint8_t *to)
{
	struct record_ban r = ban("192.0.2.7", 0);

	record_ban_write(&r, to);
	return RECORD_BAN_BYTES;
}

static size_t make_prefix(uint8_t *to)
{
	struct record_ban r = ban("192.0.2.0", 24);

	record_ban_write(&r, to);
	return RECORD_BAN_BYTES;
}

static size_t make_lifted(uint8_t *to)
{
	static const uint8_t net[8] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 7 };
	struct record_ban r = { .source.family = 6, .origin = 1, .stamp = 2, .number = 3, .lifted = 1 };

	memcpy(&r.source.key, net, sizeof(net));
	record_ban_write(&r, to);
	return RECORD_BAN_BYTES;
}

static size_t make_upto(uint8_t *to)
{
	wire_put64(to, 0x0102030405060708);
	return RECORD_UPTO_BYTES;
}

static size_t make_signal(uint8_t *to)
{
	record_signal_write(&(struct record_signal){ .host = 0x1122334455667788, .molecule = 12, .kind = HORMONE_GROWTH,
		.class = CLASS_DRONE, .strength_q16 = Q16_ONE / 2, .hops = 3 }, to);
	return RECORD_SIGNAL_BYTES;
}

static size_t make_contagion(uint8_t *to)
{
	record_contagion_write(&(struct record_contagion){ .scheme = 0x0807060504030201, .fingerprint = 0xfedcba9876543210,
		.host = 0x1122334455667788, .deaths = 1, .route = 2, .cause = 11, .detail = "GET /crash" }, to);
	return RECORD_CONTAGION_BYTES;
}

static size_t make_vitals(uint8_t *to)
{
	record_vitals_write(&(struct host_vitals){ .cells = { [CLASS_EGG] = 1, [CLASS_DRONE] = 0x102, [CLASS_GAMETE] = 1 },
		.busy_permille = 500, .wait_us = 0x10203, .bans = 7, .generation = 3, .key_generation = 2, .load_percent = 152 }, to);
	return RECORD_VITALS_BYTES;
}

/* Of who has called, in this dialogue; its own pair is that of test 2. */
static size_t make_host(uint8_t *to)
{
	struct record_host r = { .id = 0x0102030405060708 };

	secret_public(called, r.key);
	host_certify(r.certificate, organism.seed, r.id, r.key);
	host_prove(r.proof, called, caller.script, false);
	record_host_write(&r, to);
	return RECORD_HOST_BYTES;
}

static size_t make_vote(uint8_t *to)
{
	struct record_vote r = { .voter = 0x0102030405060708, .target = 9, .target_key = { 1, 2, 3 }, .stamp = 1700000000000000000, .family = 4 };

	secret_public(called, r.voter_key);
	host_certify(r.certificate, organism.seed, r.voter, r.voter_key);
	host_vote(&r, called);
	record_vote_write(&r, to);
	return RECORD_VOTE_BYTES;
}

/* The next random bytes are its seed. */
static size_t make_successor(uint8_t *to)
{
	struct heir next = { .cell = { 4, 5, 6 }, .identity = organism };

	cr_assert_eq(identity_rotate(&next.identity, NOW + 3600), 0);
	heir_write(&next, to);
	return HEIR_BYTES;
}

/* X(name, KIND): in the order in which they are sealed. */
#define RECORDS(X)              \
	X(hello, HELLO)         \
	X(beat, BEAT)           \
	X(family, FAMILY)       \
	X(nobody, FAMILY)       \
	X(ban, BAN)             \
	X(prefix, BAN)          \
	X(lifted, BAN)          \
	X(upto, UPTO)           \
	X(signal, SIGNAL)       \
	X(contagion, CONTAGION) \
	X(vitals, VITALS)       \
	X(host, HOST)           \
	X(vote, VOTE)           \
	X(successor, SUCCESSOR)

static const struct {
	const char *name;
	enum stream_kind kind;
	size_t (*make)(uint8_t *to);
} records[] = {
#define X(name, KIND) { #name, STREAM_##KIND, make_##name },
	RECORDS(X)
#undef X
};

Test(link_vectors, c_what_linked_hosts_say)
{
	uint8_t bytes[RECORD_FAMILY_BYTES];
	char name[32];

	meet(HANDSHAKE_LINK, "link");
	for (unsigned i = 0; i < sizeof(records) / sizeof(*records); i++) {
		size_t n = records[i].make(bytes);

		snprintf(name, sizeof(name), "record.%s", records[i].name);
		expect(name, bytes, n);
		snprintf(name, sizeof(name), "frame.%s", records[i].name);
		expect_frame(&out, &in, name, records[i].kind, bytes, n, false);
	}
}

/* Each record of the file is read as what it was written from. */
Test(link_vectors, d_records_are_read)
{
	uint8_t bytes[RECORD_FAMILY_BYTES], again[RECORD_FAMILY_BYTES];
	struct record_kin kin[HOSTS_MAX];
	struct record_hello hello;
	struct record_beat beat;
	struct record_ban one;

	cr_assert(read_vector("record.hello", bytes, sizeof(bytes)) == RECORD_HELLO_BYTES && !record_hello_read(&hello, bytes));
	record_hello_write(&hello, again);
	cr_expect_arr_eq(again, bytes, RECORD_HELLO_BYTES);
	cr_assert(read_vector("record.beat", bytes, sizeof(bytes)) == RECORD_BEAT_BYTES && !record_beat_read(&beat, bytes));
	record_beat_write(&beat, again);
	cr_expect_arr_eq(again, bytes, RECORD_BEAT_BYTES);
	cr_assert_eq(record_family_read(kin, bytes, read_vector("record.family", bytes, sizeof(bytes))), 2);
	record_family_write(kin, 2, again);
	cr_expect_arr_eq(again, bytes, 2 * RECORD_KIN_BYTES);
	for (const char *const *name = (const char *const[]){ "record.ban", "record.prefix", "record.lifted", NULL }; *name; name++) {
		cr_assert(read_vector(*name, bytes, sizeof(bytes)) == RECORD_BAN_BYTES && !record_ban_read(&one, bytes), "%s", *name);
		record_ban_write(&one, again);
		cr_expect_arr_eq(again, bytes, RECORD_BAN_BYTES);
	}
}

/* ... those of signals, deadly requests and vitals too. */
Test(link_vectors, d_what_hosts_tell_of_themselves_is_read)
{
	uint8_t bytes[RECORD_CONTAGION_BYTES], again[RECORD_CONTAGION_BYTES];
	struct record_contagion contagion;
	struct record_signal signal;
	struct host_vitals vitals;

	cr_assert(read_vector("record.signal", bytes, sizeof(bytes)) == RECORD_SIGNAL_BYTES && !record_signal_read(&signal, bytes));
	record_signal_write(&signal, again);
	cr_expect_arr_eq(again, bytes, RECORD_SIGNAL_BYTES);
	cr_assert(read_vector("record.contagion", bytes, sizeof(bytes)) == RECORD_CONTAGION_BYTES &&
		!record_contagion_read(&contagion, bytes));
	record_contagion_write(&contagion, again);
	cr_expect_arr_eq(again, bytes, RECORD_CONTAGION_BYTES);
	cr_assert(read_vector("record.vitals", bytes, sizeof(bytes)) == RECORD_VITALS_BYTES && !record_vitals_read(&vitals, bytes));
	record_vitals_write(&vitals, again);
	cr_expect_arr_eq(again, bytes, RECORD_VITALS_BYTES);
}

/* ... and what is signed is what the organism, the host and the key before have signed. */
Test(link_vectors, d_signatures_are_believed)
{
	uint8_t bytes[RECORD_VOTE_BYTES];
	struct heir next, now = { .identity = organism };
	struct record_host host;
	struct record_vote vote;

	meet(HANDSHAKE_LINK, "link");
	cr_assert(read_vector("record.host", bytes, sizeof(bytes)) == RECORD_HOST_BYTES && !record_host_read(&host, bytes));
	cr_expect(host_is_certified(host.certificate, organism.credential.public, host.id, host.key));
	cr_expect(host_is_proved(host.proof, host.key, callee.script, false));
	cr_assert(read_vector("record.vote", bytes, sizeof(bytes)) == RECORD_VOTE_BYTES && !record_vote_read(&vote, bytes));
	cr_expect(host_is_certified(vote.certificate, organism.credential.public, vote.voter, vote.voter_key));
	cr_expect(host_has_voted(&vote) && vote.target == 9 && !vote.withdrawn);
	cr_assert(read_vector("record.successor", bytes, sizeof(bytes)) == HEIR_BYTES && heir_read(&next, bytes));
	cr_expect_eq(succession_judge(&next, &now.identity, &(struct identity){ 0 }, NOW), 0);
	cr_expect_eq(succession_judge(&next, &now.identity, &(struct identity){ 0 }, NOW + 3600), -EACCES, "its time is over");
}

Test(link_vectors, e_a_whole_spore)
{
	static uint8_t bytes[4096];
	uint8_t bans[BAN_WIRE_BYTES], kin[RECORD_FAMILY_BYTES];
	const struct ban_wire banned = { 4, 32, ANTIGEN_TRAP, 3, { 10, 99, 5, 5 }, 60000 };
	struct spore s = { .generation = 3, .credential = organism.credential, .parts = 5,
		.part = { { .kind = SPORE_ORIGIN, .bytes = (const uint8_t *)"/etc/dna.conf", .n = 13 },
			{ .kind = SPORE_DNA, .bytes = (const uint8_t *)"organism = \"lab\"\n", .n = 17 },
			{ .kind = SPORE_GENE, .route = 1, .bytes = (const uint8_t *)"gene", .n = 4 },
			{ .kind = SPORE_BANS, .bytes = bans, .n = sizeof(bans) }, { .kind = SPORE_FAMILY, .bytes = kin } } }, got;

	ban_wire_write(&banned, bans);
	s.part[4].n = make_family(kin);
	spore_write(&s, organism.seed, bytes);
	expect("spore", bytes, (size_t)spore_size(&s));
	cr_assert_eq(spore_read(&got, bytes, read_vector("spore", bytes, sizeof(bytes)), organism.credential.public, NOW), 0);
	cr_expect(got.parts == 5 && got.generation == 3);
}
