/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Offenders and deadly requests to bytes and back. */
#include "link/immunity.h"
#include "link/wire.h"

#include <errno.h>
#include <stdbool.h>

#define SECOND_NS 1000000000ULL

static uint64_t age_s(uint64_t then_ns, uint64_t now_ns, uint64_t most_s)
{
	uint64_t s = then_ns < now_ns ? (now_ns - then_ns) / SECOND_NS : 0;

	return s < most_s ? s : most_s;
}

/* The first moment of a clock is 1: 0 means never. */
static uint64_t moment(uint64_t since_s, uint64_t now_ns)
{
	return since_s < now_ns / SECOND_NS ? now_ns - since_s * SECOND_NS : 1;
}

void offence_wire_write(const struct source *s, const struct offender *o, uint64_t now_ns, uint8_t to[OFFENCE_WIRE_BYTES])
{
	const uint8_t head[4] = { (uint8_t)s->family, (uint8_t)s->bits, s->via != 0, 0 };

	to = wire_put(to, head, sizeof(head));
	to = wire_put32(to, o->offences < OFFENCE_WIRE_MOST ? o->offences : OFFENCE_WIRE_MOST);
	/* As in memory: network order. */
	to = wire_put(to, &s->key, 8);
	wire_put64(to, age_s(o->last_ns, now_ns, OFFENCE_WIRE_S));
}

/* A source or a prefix of it, with nothing behind its length. */
static bool is_source(const struct source *s)
{
	const uint8_t *bytes = (const uint8_t *)&s->key;
	unsigned most = s->family == 4 ? 32 : 64, bits = s->bits ? s->bits : most;

	if ((s->family != 4 && s->family != 6) || s->bits >= most || !s->key)
		return false;
	for (unsigned i = 0; i < 64; i++)
		if (i >= bits && bytes[i / 8] & 0x80u >> i % 8)
			return false;
	return true;
}

int offence_wire_read(struct source *s, struct offender *o, uint64_t now_ns, const uint8_t from[OFFENCE_WIRE_BYTES])
{
	uint64_t since_s = wire_get64(from + 16);

	*s = (struct source){ .family = from[0], .bits = from[1], .via = from[2] };
	memcpy(&s->key, from + 8, 8);
	*o = (struct offender){ .offences = wire_get32(from + 4), .last_ns = moment(since_s, now_ns) };
	if (from[2] > 1 || from[3] || !o->offences || o->offences > OFFENCE_WIRE_MOST || since_s > OFFENCE_WIRE_S)
		return -EBADMSG;
	return is_source(s) ? 0 : -EBADMSG;
}

void pathogen_wire_write(const struct pathogen *p, uint64_t now_ns, uint8_t to[PATHOGEN_WIRE_BYTES])
{
	uint64_t last_s = age_s(p->last_ns, now_ns, PATHOGEN_WIRE_S), first_s = age_s(p->first_ns, now_ns, PATHOGEN_WIRE_S);

	to = wire_put64(to, p->fingerprint);
	to = wire_put64(to, last_s);
	to = wire_put64(to, first_s > last_s ? first_s : last_s);
	to = wire_put32(to, p->deaths);
	to = wire_put32(to, p->route);
	to = wire_put32(to, p->cause);
	to = wire_put32(to, 0);
	memset(to, 0, ANTIGEN_DETAIL);
	for (unsigned i = 0; i < ANTIGEN_DETAIL - 1 && p->detail[i]; i++)
		to[i] = p->detail[i] < ' ' || p->detail[i] > '~' ? '?' : (uint8_t)p->detail[i];
}

/* Text, then zeros, the last byte one of them. */
static bool is_text(const char *text)
{
	size_t n = strnlen(text, ANTIGEN_DETAIL);

	if (n == ANTIGEN_DETAIL)
		return false;
	for (size_t i = 0; i < ANTIGEN_DETAIL; i++)
		if (i < n ? text[i] < ' ' || text[i] > '~' : text[i] != 0)
			return false;
	return true;
}

int pathogen_wire_read(struct pathogen *p, uint64_t now_ns, const uint8_t from[PATHOGEN_WIRE_BYTES])
{
	uint64_t last_s = wire_get64(from + 8), first_s = wire_get64(from + 16);

	*p = (struct pathogen){ .fingerprint = wire_get64(from), .last_ns = moment(last_s, now_ns), .first_ns = moment(first_s, now_ns),
		.deaths = wire_get32(from + 24), .route = wire_get32(from + 28), .cause = wire_get32(from + 32) };
	memcpy(p->detail, from + 40, ANTIGEN_DETAIL);
	if (!p->fingerprint || !p->deaths || last_s > first_s || first_s > PATHOGEN_WIRE_S || wire_get32(from + 36))
		return -EBADMSG;
	return is_text(p->detail) ? 0 : -EBADMSG;
}
