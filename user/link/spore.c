/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing a spore, and reading one that nobody has looked at yet: every length is judged before it is used. */
#include "link/spore.h"
#include "link/wire.h"

#include <errno.h>

#define MAGIC	    "cwspore\n"
#define MAGIC_BYTES 8u
#define LABEL	    "cellws-spore"

static const struct {
	uint64_t most;
	bool once;
} kinds[] = {
#define X(NAME, number, most, once, text) [number] = { most, once },
	SPORE_PARTS(X)
#undef X
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static void signed_text(const uint8_t *bytes, uint64_t n, uint8_t to[sizeof(LABEL) + 32])
{
	memcpy(to, LABEL, sizeof(LABEL));
	secret_hash(to + sizeof(LABEL), bytes, n);
}

int64_t spore_size(const struct spore *s)
{
	uint64_t n = SPORE_HEAD_BYTES + SPORE_END_BYTES;

	if (s->parts > SPORE_PARTS_MAX)
		return -EMSGSIZE;
	for (unsigned i = 0; i < s->parts; i++) {
		if (s->part[i].n > kinds[s->part[i].kind].most)
			return -EMSGSIZE;
		n += SPORE_PART_BYTES + s->part[i].n;
	}
	return n > SPORE_MOST ? -EMSGSIZE : (int64_t)n;
}

static uint8_t *write_part(const struct spore_part *p, uint8_t *to)
{
	to = wire_put16(to, (uint16_t)p->kind);
	to = wire_put16(to, p->route);
	to = wire_put32(to, 0);
	to = wire_put64(to, p->n);
	secret_hash(to, p->bytes, p->n);
	return wire_put(to + 32, p->bytes, p->n);
}

void spore_write(const struct spore *s, const uint8_t seed[SECRET_SEED_BYTES], uint8_t *to)
{
	uint8_t text[sizeof(LABEL) + 32], *at = wire_put(to, MAGIC, MAGIC_BYTES);

	at = wire_put16(at, SPORE_VERSION);
	at = wire_put16(at, (uint16_t)s->parts);
	at = wire_put32(at, s->generation);
	at = wire_put64(at, (uint64_t)spore_size(s));
	credential_write(&s->credential, at);
	at = wire_put32(at + CREDENTIAL_BYTES, 0);
	for (unsigned i = 0; i < s->parts; i++)
		at = write_part(&s->part[i], at);
	signed_text(to, (uint64_t)(at - to), text);
	secret_sign(at, seed, text, sizeof(text));
}

int64_t spore_total(const uint8_t head[SPORE_HEAD_BYTES])
{
	uint64_t n = wire_get64(head + 16);

	if (memcmp(head, MAGIC, MAGIC_BYTES) != 0 || wire_get16(head + 8) != SPORE_VERSION)
		return -EPROTONOSUPPORT;
	return n > SPORE_MOST || n < SPORE_HEAD_BYTES + SPORE_END_BYTES ? -EMSGSIZE : (int64_t)n;
}

/* Parts come in the order of their kinds, genes in that of their routes: so none is there twice. */
static bool in_order(const struct spore_part *before, const struct spore_part *p)
{
	if (!before || p->kind > before->kind)
		return true;
	return p->kind == before->kind && !kinds[p->kind].once && p->route > before->route;
}

/* Takes one part from left bytes; what it is long, or -EBADMSG. */
static int64_t read_part(struct spore_part *p, const uint8_t *at, uint64_t left)
{
	uint8_t digest[32];
	uint16_t kind;

	if (left < SPORE_PART_BYTES)
		return -EBADMSG;
	kind = wire_get16(at);
	if (!kind || kind >= KINDS || wire_get32(at + 4))
		return -EBADMSG;
	*p = (struct spore_part){ .kind = kind, .route = wire_get16(at + 2), .n = wire_get64(at + 8), .bytes = at + SPORE_PART_BYTES };
	if (p->n > kinds[kind].most || p->n > left - SPORE_PART_BYTES || (kinds[kind].once && p->route))
		return -EBADMSG;
	memcpy(p->digest, at + 16, sizeof(p->digest));
	secret_hash(digest, p->bytes, p->n);
	return secret_equal(digest, p->digest, sizeof(digest)) ? (int64_t)(SPORE_PART_BYTES + p->n) : -EBADMSG;
}

static int read_parts(struct spore *s, const uint8_t *at, uint64_t left)
{
	for (unsigned i = 0; i < s->parts; i++) {
		int64_t n = read_part(&s->part[i], at, left);

		if (n < 0 || !in_order(i ? &s->part[i - 1] : NULL, &s->part[i]))
			return -EBADMSG;
		at += n;
		left -= (uint64_t)n;
	}
	if (left || !spore_find(s, SPORE_ORIGIN, 0) || !spore_find(s, SPORE_DNA, 0))
		return -EBADMSG;
	return 0;
}

int spore_read(struct spore *s, const uint8_t *bytes, uint64_t n, const uint8_t trust[SECRET_PUBLIC_BYTES], uint64_t now_s)
{
	uint8_t text[sizeof(LABEL) + 32];
	int64_t total;

	*s = (struct spore){ .n = n };
	if (n < SPORE_HEAD_BYTES + SPORE_END_BYTES)
		return -EBADMSG;
	total = spore_total(bytes);
	if (total == -EPROTONOSUPPORT)
		return (int)total;
	if (total < 0 || (uint64_t)total != n)
		return -EBADMSG;
	s->parts = wire_get16(bytes + 10);
	s->generation = wire_get32(bytes + 12);
	credential_read(&s->credential, bytes + 24);
	if (!credential_is_trusted(&s->credential, trust, now_s))
		return -EACCES;
	/* Nothing behind the head is looked at before it is known whose it is. */
	signed_text(bytes, n - SPORE_END_BYTES, text);
	if (!secret_is_signed(bytes + n - SPORE_END_BYTES, s->credential.public, text, sizeof(text)))
		return -EBADMSG;
	if (s->parts > SPORE_PARTS_MAX || wire_get32(bytes + 24 + CREDENTIAL_BYTES))
		return -EBADMSG;
	return read_parts(s, bytes + SPORE_HEAD_BYTES, n - SPORE_HEAD_BYTES - SPORE_END_BYTES);
}

void spore_add(struct spore *s, enum spore_kind kind, uint32_t route, const void *bytes, uint64_t n)
{
	s->part[s->parts++] = (struct spore_part){ .kind = kind, .route = (uint16_t)route, .bytes = bytes, .n = n };
}

const struct spore_part *spore_find(const struct spore *s, enum spore_kind kind, uint16_t route)
{
	for (unsigned i = 0; i < s->parts; i++)
		if (s->part[i].kind == kind && s->part[i].route == route)
			return &s->part[i];
	return NULL;
}
