/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A DNA on its way between hosts: to bytes and back, judged as if a stranger had written it; which of two holds; its signature. */
#include "link/spread.h"
#include "link/record.h"
#include "link/wire.h"

#include <errno.h>

#define LABEL	    "cellws-dna"
#define SIGNED_HEAD (SPREAD_BYTES - SECRET_SIGNATURE_BYTES)

static unsigned nibble(char c)
{
	return c <= '9' ? (unsigned)(c - '0') & 15 : (unsigned)(c - 'a' + 10) & 15;
}

void spread_dna(const volatile char *hex, uint8_t dna[32])
{
	for (unsigned i = 0; i < 32; i++)
		dna[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
}

uint64_t spread_which(const struct spread *s)
{
	return wire_get64(s->digest);
}

bool spread_is_newer(const struct spread *a, const struct spread *b)
{
	if (a->generation != b->generation)
		return a->generation > b->generation;
	return memcmp(a->digest, b->digest, sizeof(a->digest)) > 0;
}

void spread_write(const struct spread *s, uint8_t to[SPREAD_BYTES])
{
	to = wire_put32(to, s->generation);
	to = wire_put32(to, 0);
	to = wire_put64(to, s->n);
	to = wire_put64(to, s->origin);
	to = wire_put64(to, s->stamp);
	to = wire_put(to, s->digest, sizeof(s->digest));
	to = wire_put(to, s->dna, sizeof(s->dna));
	wire_put(to, s->signature, sizeof(s->signature));
}

int spread_read(struct spread *s, const uint8_t from[SPREAD_BYTES])
{
	*s = (struct spread){ .generation = wire_get32(from), .n = wire_get64(from + 8), .origin = wire_get64(from + 16),
		.stamp = wire_get64(from + 24) };
	memcpy(s->digest, from + 32, sizeof(s->digest));
	memcpy(s->dna, from + 64, sizeof(s->dna));
	memcpy(s->signature, from + 96, sizeof(s->signature));
	if (!s->generation || wire_get32(from + 4) || !s->origin || !s->stamp)
		return -EBADMSG;
	return s->n < SPORE_HEAD_BYTES + SPORE_END_BYTES || s->n > SPREAD_MOST ? -EBADMSG : 0;
}

static void signed_text(const struct spread *s, uint8_t to[sizeof(LABEL) + SPREAD_BYTES])
{
	spread_write(s, wire_put(to, LABEL, sizeof(LABEL)));
}

void spread_sign(struct spread *s, const uint8_t seed[SECRET_SEED_BYTES])
{
	uint8_t text[sizeof(LABEL) + SPREAD_BYTES];

	signed_text(s, text);
	secret_sign(s->signature, seed, text, sizeof(LABEL) + SIGNED_HEAD);
}

bool spread_is_signed(const struct spread *s, const uint8_t public[SECRET_PUBLIC_BYTES])
{
	uint8_t text[sizeof(LABEL) + SPREAD_BYTES];

	signed_text(s, text);
	return secret_is_signed(s->signature, public, text, sizeof(LABEL) + SIGNED_HEAD);
}

/* The digest of the text as people read it is that of the word. */
static bool is_text_of(const struct spread *s, const struct spore_part *text)
{
	char found[65], wanted[65];

	secret_digest(text->bytes, text->n, found);
	for (unsigned i = 0; i < sizeof(s->dna); i++) {
		wanted[2 * i] = "0123456789abcdef"[s->dna[i] >> 4];
		wanted[2 * i + 1] = "0123456789abcdef"[s->dna[i] & 15];
	}
	return !memcmp(found, wanted, 64);
}

int spread_open(const struct spread *s, const uint8_t *bytes, const uint8_t trust[SECRET_PUBLIC_BYTES], uint64_t now_s, struct spore *to)
{
	uint8_t digest[32];
	int error;

	secret_hash(digest, bytes, s->n);
	if (!secret_equal(digest, s->digest, sizeof(digest)))
		return -EBADMSG;
	error = spore_read(to, bytes, s->n, trust, now_s);
	if (error)
		return error;
	for (unsigned i = 0; i < to->parts; i++)
		if (to->part[i].kind > SPORE_GENE)
			return -EBADMSG;
	return to->generation == s->generation && is_text_of(s, spore_find(to, SPORE_DNA, 0)) ? 0 : -EBADMSG;
}

void spread_ask_write(const struct spread_ask *a, uint8_t to[SPREAD_ASK_BYTES])
{
	wire_put64(wire_put64(wire_put64(to, a->which), a->from), a->upto);
}

int spread_ask_read(struct spread_ask *a, const uint8_t from[SPREAD_ASK_BYTES])
{
	*a = (struct spread_ask){ .which = wire_get64(from), .from = wire_get64(from + 8), .upto = wire_get64(from + 16) };
	return a->upto > SPREAD_MOST || a->from >= a->upto || a->upto - a->from > SPREAD_WINDOW ? -EBADMSG : 0;
}

size_t spread_piece_write(const struct spread_piece *p, uint8_t to[SPREAD_PIECE_HEAD + SPREAD_PIECE_MOST])
{
	wire_put(wire_put64(wire_put64(to, p->which), p->at), p->bytes, p->n);
	return SPREAD_PIECE_HEAD + p->n;
}

int spread_piece_read(struct spread_piece *p, const uint8_t *from, size_t n)
{
	if (n <= SPREAD_PIECE_HEAD || n > SPREAD_PIECE_HEAD + SPREAD_PIECE_MOST)
		return -EBADMSG;
	*p = (struct spread_piece){ .which = wire_get64(from), .at = wire_get64(from + 8), .bytes = from + SPREAD_PIECE_HEAD,
		.n = n - SPREAD_PIECE_HEAD };
	return p->at > SPREAD_MOST - p->n ? -EBADMSG : 0;
}

void spread_uptake_write(const struct uptake *v, uint8_t to[SPREAD_UPTAKE_BYTES])
{
	to = wire_put64(to, v->host);
	to = wire_put64(to, v->stamp);
	to = wire_put64(to, v->which);
	to = wire_put32(to, v->generation);
	to = wire_put32(to, v->state);
	to = wire_put32(to, v->now);
	to = wire_put32(to, 0);
	to = wire_put(to, v->dna, sizeof(v->dna));
	memset(to, 0, UPTAKE_WHY);
	memcpy(to, v->why, strnlen(v->why, UPTAKE_WHY - 1));
}

int spread_uptake_read(struct uptake *v, const uint8_t from[SPREAD_UPTAKE_BYTES])
{
	*v = (struct uptake){ .host = wire_get64(from), .stamp = wire_get64(from + 8), .which = wire_get64(from + 16),
		.generation = wire_get32(from + 24), .state = wire_get32(from + 28), .now = wire_get32(from + 32) };
	memcpy(v->dna, from + 40, sizeof(v->dna));
	memcpy(v->why, from + 72, sizeof(v->why));
	if (!v->host || !v->stamp || !v->generation || !v->now || wire_get32(from + 36))
		return -EBADMSG;
	if (v->state == UPTAKE_NONE || v->state >= UPTAKE_STATES || !record_is_text(v->why, UPTAKE_WHY))
		return -EBADMSG;
	return (v->state == UPTAKE_REFUSED) == (v->why[0] != 0) ? 0 : -EBADMSG;
}
