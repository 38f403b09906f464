/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of the file of expelled hosts. */
#include "link/expelled.h"
#include "link/wire.h"

#define LABEL_BYTES 16u
#define ROW_BYTES   (8u + SECRET_PUBLIC_BYTES)
#define MARK_BYTES  (EXPELLED_BYTES - ROW_BYTES)

static void mark(const uint8_t row[ROW_BYTES], const uint8_t seed[SECRET_SEED_BYTES], uint8_t to[MARK_BYTES])
{
	uint8_t text[LABEL_BYTES + ROW_BYTES];

	wire_put(wire_put(text, "cellws-expelled", LABEL_BYTES), row, ROW_BYTES);
	secret_mark(to, MARK_BYTES, seed, text, sizeof(text));
}

void expelled_write(const struct expelled *e, const uint8_t seed[SECRET_SEED_BYTES], uint8_t to[EXPELLED_BYTES])
{
	wire_put(wire_put64(to, e->id), e->key, sizeof(e->key));
	mark(to, seed, to + ROW_BYTES);
}

bool expelled_read(struct expelled *e, const uint8_t seed[SECRET_SEED_BYTES], const uint8_t from[EXPELLED_BYTES])
{
	uint8_t right[MARK_BYTES];

	e->id = wire_get64(from);
	memcpy(e->key, from + 8, sizeof(e->key));
	mark(from, seed, right);
	return e->id && secret_equal(right, from + ROW_BYTES, MARK_BYTES);
}
