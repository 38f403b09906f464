/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a new key follows an old one where only who has one of them may learn the other: records of one length in a file; pure. */
#ifndef CELLWS_LINK_SUCCESSION_H
#define CELLWS_LINK_SUCCESSION_H

#include <stdbool.h>
#include <stddef.h>
#include "link/identity.h"

/*
 * public key of who can open it (32) | salt (32) | sealed{ cell key (32) seed (32) credential (140) }
 *
 * Sealed under BLAKE2b of "cellws-succession" NUL and the salt, keyed with the seed of who can open it.
 */
#define SUCCESSION_BYTES 284u
#define SUCCESSION_MOST	 256u /* records that a file may have; the last ones count */

/* What a key file holds. Secret: to be locked and wiped. */
struct heir {
	uint8_t cell[32];
	struct identity identity;
};

/* 0 or -EIO. */
int succession_write(const struct heir *h, const struct identity *opener, uint8_t to[SUCCESSION_BYTES]);

/* False when it is not for that opener, or was not written by who has his seed. */
bool succession_read(struct heir *h, const struct identity *opener, const uint8_t from[SUCCESSION_BYTES]);

/*
 * Goes through n records: now becomes the last key that follows it, before (generation 0: none) the one before that. True when
 * now is another key than it was.
 */
bool succession_walk(struct heir *now, struct identity *before, const uint8_t *records, size_t n);

/* Whether a key that another host tells of follows this one: 0, or -EACCES. now_s: wall clock. */
int succession_judge(const struct heir *next, const struct identity *now, const struct identity *before, uint64_t now_s);

/* Cell key (32), seed (32), credential (140), as above, for hosts that are linked. False when its halves do not belong together. */
#define HEIR_BYTES 204u
void heir_write(const struct heir *h, uint8_t to[HEIR_BYTES]);
bool heir_read(struct heir *h, const uint8_t from[HEIR_BYTES]);

#endif
