/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hosts that were expelled, as a file keeps them: rows of one length, each marked by the host that keeps it; pure. */
#ifndef CELLWS_LINK_EXPELLED_H
#define CELLWS_LINK_EXPELLED_H

#include <stdbool.h>
#include <stdint.h>
#include "secret/secret.h"

/* id (8) key (32) mark (16): BLAKE2b, keyed with the seed of the host's own pair, over "cellws-expelled" NUL and what stands before. */
#define EXPELLED_BYTES 56u

struct expelled {
	uint64_t id;
	uint8_t key[SECRET_PUBLIC_BYTES]; /* zeros: not known */
};

void expelled_write(const struct expelled *e, const uint8_t seed[SECRET_SEED_BYTES], uint8_t to[EXPELLED_BYTES]);
/* False for a row that was not written by who holds the seed. */
bool expelled_read(struct expelled *e, const uint8_t seed[SECRET_SEED_BYTES], const uint8_t from[EXPELLED_BYTES]);

#endif
