/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records to bytes and back; what was read is judged as if a stranger had written it. */
#include "link/record.h"
#include "link/wire.h"

#include <errno.h>

#define DNA_HEX (HOST_DNA - 1u)
#define ROUND_TRIP_NS (3600ULL * 1000000000ULL)

void record_hello_write(const struct record_hello *r, uint8_t to[RECORD_HELLO_BYTES])
{
	to = wire_put64(to, r->id);
	to = wire_put64(to, r->have);
	to = wire_put32(to, r->generation);
	to = wire_put16(to, r->port);
	to = wire_put16(to, r->relation);
	memset(to, 0, DNA_HEX);
	memcpy(to, r->dna_sha256, strnlen(r->dna_sha256, DNA_HEX));
}

int record_hello_read(struct record_hello *r, const uint8_t from[RECORD_HELLO_BYTES])
{
	*r = (struct record_hello){ .id = wire_get64(from), .have = wire_get64(from + 8), .generation = wire_get32(from + 16),
		.port = wire_get16(from + 20), .relation = wire_get16(from + 22) };
	memcpy(r->dna_sha256, from + 24, DNA_HEX);
	if (!r->id || !r->port || r->relation >= RELATION_COUNT || strspn(r->dna_sha256, "0123456789abcdef") != DNA_HEX)
		return -EBADMSG;
	return 0;
}

void record_beat_write(const struct record_beat *r, uint8_t to[RECORD_BEAT_BYTES])
{
	to = wire_put64(to, r->sent_ns);
	to = wire_put64(to, r->echo_ns);
	to = wire_put64(to, r->held_ns);
	wire_put32(to, r->reach);
}

int record_beat_read(struct record_beat *r, const uint8_t from[RECORD_BEAT_BYTES])
{
	*r = (struct record_beat){ .sent_ns = wire_get64(from), .echo_ns = wire_get64(from + 8), .held_ns = wire_get64(from + 16),
		.reach = wire_get32(from + 24) };
	return !r->sent_ns || r->held_ns > ROUND_TRIP_NS || r->reach > UINT16_MAX ? -EBADMSG : 0;
}

size_t record_family_write(const struct record_kin *kin, unsigned n, uint8_t to[RECORD_FAMILY_BYTES])
{
	uint8_t *at = to;

	for (unsigned i = 0; i < n && i < HOSTS_MAX; i++) {
		at = wire_put64(at, kin[i].id);
		at = wire_put16(at, kin[i].relation);
		memset(at, 0, HOST_ADDRESS);
		memcpy(at, kin[i].address, strnlen(kin[i].address, HOST_ADDRESS - 1));
		at += HOST_ADDRESS;
	}
	return (size_t)(at - to);
}

static int read_kin(struct record_kin *k, const uint8_t *from)
{
	size_t n;

	*k = (struct record_kin){ .id = wire_get64(from), .relation = wire_get16(from + 8) };
	memcpy(k->address, from + 10, HOST_ADDRESS);
	n = strnlen(k->address, HOST_ADDRESS);
	if (!k->id || k->relation == RELATION_NONE || k->relation >= RELATION_COUNT || !n || n == HOST_ADDRESS)
		return -EBADMSG;
	/* Nothing else is in an address with its port; whether it is one, who calls it sees. */
	return strspn(k->address, "0123456789abcdefABCDEF.:[]") == n ? 0 : -EBADMSG;
}

int record_family_read(struct record_kin kin[HOSTS_MAX], const uint8_t *from, size_t n)
{
	size_t count = n / RECORD_KIN_BYTES;

	if (n % RECORD_KIN_BYTES || count > HOSTS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < count; i++)
		if (read_kin(&kin[i], from + i * RECORD_KIN_BYTES))
			return -EBADMSG;
	return (int)count;
}

void record_ban_write(const struct record_ban *r, uint8_t to[RECORD_BAN_BYTES])
{
	const uint8_t head[4] = { (uint8_t)r->source.family, (uint8_t)r->source.bits, r->lifted != 0, 0 };

	to = wire_put(to, head, sizeof(head));
	to = wire_put32(to, r->reason);
	/* As in memory: network order. */
	to = wire_put(to, &r->source.key, 8);
	to = wire_put64(to, r->origin);
	to = wire_put64(to, r->stamp);
	to = wire_put64(to, r->number);
	to = wire_put64(to, r->left_ms);
	memset(to, 0, TIDING_DETAIL);
	memcpy(to, r->detail, strnlen(r->detail, TIDING_DETAIL - 1));
}

bool record_is_text(const char *text, size_t n)
{
	size_t length = strnlen(text, n);

	if (length == n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (i < length ? text[i] < ' ' || text[i] > '~' : text[i] != 0)
			return false;
	return true;
}

/* A source or a prefix of it, with nothing behind its length. */
static bool is_source(const struct source *s)
{
	const uint8_t *bytes = (const uint8_t *)&s->key;
	unsigned most = s->family == 4 ? 32 : 64, bits = s->bits ? s->bits : most;

	if ((s->family != 4 && s->family != 6) || s->bits >= most)
		return false;
	for (unsigned i = 0; i < 64; i++)
		if (i >= bits && bytes[i / 8] & 0x80u >> i % 8)
			return false;
	return true;
}

int record_ban_read(struct record_ban *r, const uint8_t from[RECORD_BAN_BYTES])
{
	*r = (struct record_ban){ .source = { .family = from[0], .bits = from[1] }, .lifted = from[2], .reason = wire_get32(from + 4),
		.origin = wire_get64(from + 16), .stamp = wire_get64(from + 24), .number = wire_get64(from + 32),
		.left_ms = wire_get64(from + 40) };
	memcpy(&r->source.key, from + 8, 8);
	memcpy(r->detail, from + 48, TIDING_DETAIL);
	if (r->lifted > 1 || from[3] || r->reason >= ANTIGEN_COUNT || !r->origin || !r->stamp || !r->number)
		return -EBADMSG;
	return r->left_ms > RECORD_LEFT_MS || !is_source(&r->source) || !record_is_text(r->detail, TIDING_DETAIL) ? -EBADMSG : 0;
}
