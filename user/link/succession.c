/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sealing a key for who has the one before it or behind it, and following such records from key to key. */
#include "link/succession.h"
#include "link/wire.h"

#include <errno.h>

#define LABEL	    "cellws-succession"
#define SALT_BYTES  32u
#define SEALED_AT   (SECRET_PUBLIC_BYTES + SALT_BYTES)

_Static_assert(SUCCESSION_BYTES == SEALED_AT + HEIR_BYTES + SECRET_SEAL_BYTES, "what the header says");

void heir_write(const struct heir *h, uint8_t to[HEIR_BYTES])
{
	to = wire_put(wire_put(to, h->cell, sizeof(h->cell)), h->identity.seed, SECRET_SEED_BYTES);
	credential_write(&h->identity.credential, to);
}

bool heir_read(struct heir *h, const uint8_t from[HEIR_BYTES])
{
	uint8_t public[SECRET_PUBLIC_BYTES];

	memcpy(h->cell, from, sizeof(h->cell));
	memcpy(h->identity.seed, from + 32, SECRET_SEED_BYTES);
	credential_read(&h->identity.credential, from + 64);
	secret_public(h->identity.seed, public);
	return h->identity.credential.generation && secret_equal(public, h->identity.credential.public, sizeof(public));
}

static void sealing_key(const struct identity *opener, const uint8_t salt[SALT_BYTES], uint8_t key[32])
{
	uint8_t text[sizeof(LABEL) + SALT_BYTES];

	wire_put(wire_put(text, LABEL, sizeof(LABEL)), salt, SALT_BYTES);
	secret_mark(key, 32, opener->seed, text, sizeof(text));
}

int succession_write(const struct heir *h, const struct identity *opener, uint8_t to[SUCCESSION_BYTES])
{
	uint8_t clear[HEIR_BYTES], key[32];

	memcpy(to, opener->credential.public, SECRET_PUBLIC_BYTES);
	if (secret_random(to + SECRET_PUBLIC_BYTES, SALT_BYTES))
		return -EIO;
	sealing_key(opener, to + SECRET_PUBLIC_BYTES, key);
	heir_write(h, clear);
	secret_seal(to + SEALED_AT, key, clear, sizeof(clear));
	secret_wipe(clear, sizeof(clear));
	secret_wipe(key, sizeof(key));
	return 0;
}

bool succession_read(struct heir *h, const struct identity *opener, const uint8_t from[SUCCESSION_BYTES])
{
	uint8_t clear[HEIR_BYTES], key[32];
	bool good;

	if (!secret_equal(from, opener->credential.public, SECRET_PUBLIC_BYTES))
		return false;
	sealing_key(opener, from + SECRET_PUBLIC_BYTES, key);
	good = !secret_unseal(clear, key, from + SEALED_AT, HEIR_BYTES + SECRET_SEAL_BYTES) && heir_read(h, clear);
	secret_wipe(clear, sizeof(clear));
	secret_wipe(key, sizeof(key));
	return good;
}

/* Of two keys the later generation, of one generation that with the lower number: so two that were made at once become one. */
static bool is_later(const struct credential *a, const struct credential *b)
{
	if (a->generation != b->generation)
		return a->generation > b->generation;
	return memcmp(a->public, b->public, SECRET_PUBLIC_BYTES) < 0;
}

bool succession_walk(struct heir *now, struct identity *before, const uint8_t *records, size_t n)
{
	struct heir h;
	bool went = false;

	for (size_t i = 0; i < n; i++) {
		if (!succession_read(&h, &now->identity, records + i * SUCCESSION_BYTES))
			continue;
		if (is_later(&h.identity.credential, &now->identity.credential)) {
			/* Two of one generation have the same before them. */
			if (h.identity.credential.generation > now->identity.credential.generation)
				*before = now->identity;
			*now = h;
			went = true;
		} else if (h.identity.credential.generation < now->identity.credential.generation) {
			*before = h.identity;
		}
	}
	secret_wipe(&h, sizeof(h));
	return went;
}

int succession_judge(const struct heir *next, const struct identity *now, const struct identity *before, uint64_t now_s)
{
	const struct credential *c = &next->identity.credential;
	const struct identity *by = c->generation == now->credential.generation ? before : now;

	if (!is_later(c, &now->credential) || c->generation - now->credential.generation > 1 || !by->credential.generation)
		return -EACCES;
	return secret_equal(c->public, by->credential.public, SECRET_PUBLIC_BYTES) ||
			       !credential_is_trusted(c, by->credential.public, now_s) ?
		       -EACCES :
		       0;
}
