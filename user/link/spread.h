/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a new DNA goes from host to host: a signed word of it, the pieces that are asked for, what hosts make of it; pure. */
#ifndef CELLWS_LINK_SPREAD_H
#define CELLWS_LINK_SPREAD_H

#include <stdbool.h>
#include "link/spore.h"
#include "shared/spread.h"

/* Numbers in little endian. */
#define SPREAD_BYTES	     160u
#define SPREAD_ASK_BYTES     24u
#define SPREAD_PIECE_HEAD    16u
#define SPREAD_PIECE_MOST    2304u /* bytes of the DNA in one piece */
#define SPREAD_UPTAKE_BYTES 200u

#define SPREAD_MOST   (64u << 20) /* bytes of a DNA with its genes */
#define SPREAD_WINDOW (128u << 10) /* that may be asked for at once */

/*
 * generation (4) zeros (4) bytes (8) origin (8) stamp (8) digest (32) dna (32) signature (64): a DNA that all are to live by.
 * The DNA itself is a spore of origin, text and genes, and nothing else.
 */
struct spread {
	uint32_t generation; /* in the family: 1 and up; of two the higher holds, of equal ones that with the higher digest */
	uint64_t n;	     /* bytes of that spore: at most SPREAD_MOST */
	uint64_t origin;     /* id of the host where `cellctl mutate` was called */
	uint64_t stamp;	     /* when: wall clock, ns */
	uint8_t digest[32];  /* BLAKE2b of the spore */
	uint8_t dna[32];     /* SHA-256 of the DNA's text */
	uint8_t signature[SECRET_SIGNATURE_BYTES]; /* by the organism's key, over "cellws-dna" NUL and all before */
};

/* which (8) from (8) upto (8): bytes of a DNA that is wanted. */
struct spread_ask {
	uint64_t which; /* spread_which() */
	uint64_t from, upto; /* at most SPREAD_WINDOW apart */
};

/* which (8) at (8), then the bytes from there on. */
struct spread_piece {
	uint64_t which, at;
	const uint8_t *bytes;
	size_t n; /* 1 to SPREAD_PIECE_MOST */
};

/* The digest of a DNA's text from the 64 hex digits that stand for it. */
void spread_dna(const volatile char *hex, uint8_t dna[32]);
/* The number by which hosts mean a DNA in short: the first bytes of its digest. */
uint64_t spread_which(const struct spread *s);
/* Whether a holds against b. */
bool spread_is_newer(const struct spread *a, const struct spread *b);

void spread_sign(struct spread *s, const uint8_t seed[SECRET_SEED_BYTES]);
bool spread_is_signed(const struct spread *s, const uint8_t public[SECRET_PUBLIC_BYTES]);

/*
 * Takes the spore apart that s speaks of: n bytes as s says; trust and now_s as spore_read(). 0, or -EBADMSG or -EACCES: it is
 * another one, or not what may be sent so.
 */
int spread_open(const struct spread *s, const uint8_t *bytes, const uint8_t trust[SECRET_PUBLIC_BYTES], uint64_t now_s,
	struct spore *to);

void spread_write(const struct spread *s, uint8_t to[SPREAD_BYTES]);
void spread_ask_write(const struct spread_ask *a, uint8_t to[SPREAD_ASK_BYTES]);
/* How many bytes. */
size_t spread_piece_write(const struct spread_piece *p, uint8_t to[SPREAD_PIECE_HEAD + SPREAD_PIECE_MOST]);
/*
 * host (8) stamp (8) which (8) generation (4) state (4) now (4) zeros (4) dna (32) why (128), rest zero.
 */
void spread_uptake_write(const struct uptake *v, uint8_t to[SPREAD_UPTAKE_BYTES]);

/* Each 0, or -EBADMSG when it is none that anybody could have written. */
int spread_read(struct spread *s, const uint8_t from[SPREAD_BYTES]);
int spread_ask_read(struct spread_ask *a, const uint8_t from[SPREAD_ASK_BYTES]);
int spread_piece_read(struct spread_piece *p, const uint8_t *from, size_t n);
int spread_uptake_read(struct uptake *v, const uint8_t from[SPREAD_UPTAKE_BYTES]);

#endif
