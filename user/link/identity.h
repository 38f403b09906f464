/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who an organism is to other hosts: its Ed25519 pair, and how a new pair is vouched for by the one before it; pure. */
#ifndef CELLWS_LINK_IDENTITY_H
#define CELLWS_LINK_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include "secret/secret.h"

/* Public, and sent to whoever is to be convinced. A pair of the first generation has nothing before it: zeros. */
struct credential {
	uint8_t public[SECRET_PUBLIC_BYTES];
	uint32_t generation; /* 1 and up */
	uint64_t until_s;    /* wall clock: who trusts the previous key takes this one until then */
	uint8_t previous[SECRET_PUBLIC_BYTES];
	uint8_t certificate[SECRET_SIGNATURE_BYTES]; /* by the previous key, over all the rest */
};

/* public (32), generation (4), until_s (8), previous (32), certificate (64); numbers in little endian. */
#define CREDENTIAL_BYTES 140u

/* Secret: to be kept in locked memory and wiped. */
struct identity {
	uint8_t seed[SECRET_SEED_BYTES];
	struct credential credential;
};

/* A new pair of the first generation. 0 or -EIO. */
int identity_make(struct identity *id);

/* The next generation, which the present one vouches for until until_s. 0, -EIO, or -ERANGE after 2^32 - 1 of them. */
int identity_rotate(struct identity *id, uint64_t until_s);

void credential_write(const struct credential *c, uint8_t to[CREDENTIAL_BYTES]);
void credential_read(struct credential *c, const uint8_t from[CREDENTIAL_BYTES]);

/* Whether it is that of trust, or one that trust has vouched for and the time for that is not over. */
bool credential_is_trusted(const struct credential *c, const uint8_t trust[SECRET_PUBLIC_BYTES], uint64_t now_s);

/* Whether the previous key still speaks for it. */
bool credential_has_previous(const struct credential *c, uint64_t now_s);

#endif
