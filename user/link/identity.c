/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pairs, credentials and certificates between generations. */
#include "link/identity.h"
#include "link/wire.h"

#include <errno.h>

#define LABEL	       "cellws-rotation"
#define CERTIFIED_BYTES (sizeof(LABEL) + CREDENTIAL_BYTES - SECRET_SIGNATURE_BYTES)

static uint8_t *write_certified(const struct credential *c, uint8_t *to)
{
	to = wire_put(to, c->public, sizeof(c->public));
	to = wire_put32(to, c->generation);
	to = wire_put64(to, c->until_s);
	return wire_put(to, c->previous, sizeof(c->previous));
}

static void certified(const struct credential *c, uint8_t to[CERTIFIED_BYTES])
{
	write_certified(c, wire_put(to, LABEL, sizeof(LABEL)));
}

int identity_make(struct identity *id)
{
	int error;

	*id = (struct identity){ .credential.generation = 1 };
	error = secret_random(id->seed, sizeof(id->seed));
	if (!error)
		secret_public(id->seed, id->credential.public);
	return error;
}

int identity_rotate(struct identity *id, uint64_t until_s)
{
	struct identity next = { .credential = { .generation = id->credential.generation + 1, .until_s = until_s } };
	uint8_t message[CERTIFIED_BYTES];

	if (!next.credential.generation)
		return -ERANGE;
	if (secret_random(next.seed, sizeof(next.seed)))
		return -EIO;
	secret_public(next.seed, next.credential.public);
	memcpy(next.credential.previous, id->credential.public, sizeof(next.credential.previous));
	certified(&next.credential, message);
	secret_sign(next.credential.certificate, id->seed, message, sizeof(message));
	*id = next;
	secret_wipe(&next, sizeof(next));
	return 0;
}

void credential_write(const struct credential *c, uint8_t to[CREDENTIAL_BYTES])
{
	wire_put(write_certified(c, to), c->certificate, sizeof(c->certificate));
}

void credential_read(struct credential *c, const uint8_t from[CREDENTIAL_BYTES])
{
	memcpy(c->public, from, 32);
	c->generation = wire_get32(from + 32);
	c->until_s = wire_get64(from + 36);
	memcpy(c->previous, from + 44, 32);
	memcpy(c->certificate, from + 76, 64);
}

bool credential_has_previous(const struct credential *c, uint64_t now_s)
{
	return c->generation > 1 && now_s < c->until_s;
}

bool credential_is_trusted(const struct credential *c, const uint8_t trust[SECRET_PUBLIC_BYTES], uint64_t now_s)
{
	uint8_t message[CERTIFIED_BYTES];

	if (!c->generation)
		return false;
	if (secret_equal(c->public, trust, SECRET_PUBLIC_BYTES))
		return true;
	if (!credential_has_previous(c, now_s) || !secret_equal(c->previous, trust, SECRET_PUBLIC_BYTES))
		return false;
	certified(c, message);
	return secret_is_signed(c->certificate, trust, message, sizeof(message));
}
