/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The spore: one signed block of bytes from which an organism grows on another host. Holds no secrets; pure. */
#ifndef CELLWS_LINK_SPORE_H
#define CELLWS_LINK_SPORE_H

#include <stddef.h>
#include <stdint.h>
#include "link/identity.h"

/*
 * head:    "cwspore\n" (8) version (2) parts (2) generation of the DNA (4) bytes of the whole (8) credential (140) zeros (4)
 * parts:   each kind (2) route (2) zeros (4) length (8) BLAKE2b of the bytes (32), then the bytes
 * end:     Ed25519 signature (64) over "cellws-spore" and the BLAKE2b of all before, by the credential's key
 *
 * Numbers in little endian, nothing between the parts or behind the end.
 */
#define SPORE_VERSION	 2u
#define SPORE_HEAD_BYTES 168u
#define SPORE_PART_BYTES 48u
#define SPORE_END_BYTES	 SECRET_SIGNATURE_BYTES
#define SPORE_PARTS_MAX	 134u /* gene and root of 64 routes, and what comes once */
#define SPORE_MOST	 (512ULL << 20)
#define SPORE_FINGERPRINT_KEY 16u /* bytes of STREAM_KEYS: two numbers */

/* X(NAME, number, most bytes, once, "what it is"): parts stand in this order; ORIGIN and DNA must be there. */
#define SPORE_PARTS(X)                                                                                              \
	X(ORIGIN, 1, 511, 1, "the DNA's file name on the host it comes from: relative paths begin at its directory") \
	X(DNA, 2, 1u << 20, 1, "text of the DNA")                                                                    \
	X(GENE, 3, 256u << 20, 0, "shared object of a route; other routes that name the same file share it")         \
	X(BANS, 4, 64u << 20, 1, "bans in force, one of 32 bytes after the other, see link/bans.h") \
	X(FAMILY, 5, 2368, 1, "the daughter's relatives, her mother first, see link/record.h") \
	X(OFFENCES, 6, 131072u * 24, 1, "how often sources were banned, one of 24 bytes after the other, see link/immunity.h") \
	X(PATHOGENS, 7, 1024u * 104, 1, "requests that have killed, one of 104 bytes after the other, see link/immunity.h") \
	X(ROOT, 8, 256u << 20, 0, "files of a route's document root, see link/tree.h; other routes that name the same one share it")

enum spore_kind {
#define X(NAME, number, most, once, text) SPORE_##NAME = number,
	SPORE_PARTS(X)
#undef X
};

struct spore_part {
	enum spore_kind kind;
	uint16_t route; /* of a gene or a root; else 0 */
	const uint8_t *bytes;
	uint64_t n;
	uint8_t digest[32]; /* when read */
};

struct spore {
	uint32_t generation; /* of the DNA */
	struct credential credential;
	uint64_t n; /* bytes of the whole, when read */
	unsigned parts;
	struct spore_part part[SPORE_PARTS_MAX];
};

/* Bytes that spore_write() fills, or -EMSGSIZE when a part or the whole is larger than allowed. */
int64_t spore_size(const struct spore *s);

/* Writes and signs. to: spore_size() bytes. seed: of s->credential. */
void spore_write(const struct spore *s, const uint8_t seed[SECRET_SEED_BYTES], uint8_t *to);

/* Bytes of the whole as the head says; -EPROTONOSUPPORT: no spore or another version; -EMSGSIZE: too large or small. */
int64_t spore_total(const uint8_t head[SPORE_HEAD_BYTES]);

/*
 * Reads and judges: form, digests, signature; parts point into bytes. trust and now_s: as credential_is_trusted().
 * 0; -EPROTONOSUPPORT as above; -EBADMSG: truncated, altered or malformed; -EACCES: of another organism.
 */
int spore_read(struct spore *s, const uint8_t *bytes, uint64_t n, const uint8_t trust[SECRET_PUBLIC_BYTES], uint64_t now_s);

/* The first part of a kind (and route, for genes); NULL when there is none. */
/* One part more, of the SPORE_PARTS_MAX that there is room for; bytes stay the caller's. */
void spore_add(struct spore *s, enum spore_kind kind, uint32_t route, const void *bytes, uint64_t n);
const struct spore_part *spore_find(const struct spore *s, enum spore_kind kind, uint16_t route);

#endif
