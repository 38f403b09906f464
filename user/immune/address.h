/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses and prefixes as people write them and as the immune maps hold them; the only maker of map keys; pure. */
#ifndef CELLWS_IMMUNE_ADDRESS_H
#define CELLWS_IMMUNE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shared/verdict.h"

#define ADDRESS_TEXT 64 /* room that any formatted prefix fits in, with the NUL */

/* A prefix; a single address is one of full length. The host part is zero. */
struct address {
	uint16_t family; /* AF_INET or AF_INET6 */
	uint16_t bits;
	uint8_t bytes[16]; /* network order; IPv4 in the first four, the rest zero */
};

/* What address_parse changed of what was written, so that the caller can tell. */
enum address_notice {
	ADDRESS_AS_WRITTEN = 0,
	ADDRESS_MASKED = 1, /* bits beyond the prefix length were set and are cleared */
	ADDRESS_MAPPED = 2, /* an IPv4 address in IPv6 notation (::ffff:a.b.c.d), taken as IPv4 */
};

/*
 * "ADDR" or "ADDR/LENGTH", IPv4 dotted or IPv6 (RFC 4291), nothing before or behind. notice (may be NULL): a set of
 * enum address_notice. 0, or -EINVAL and *to is not touched.
 */
int address_parse(const char *text, struct address *to, unsigned int *notice);

/* From raw bytes in network order: 4 for AF_INET, 16 for AF_INET6; the host part is cleared. 0 or -EINVAL. */
int address_make(int family, const void *bytes, unsigned int bits, struct address *to);

/* "10.0.0.0/8", "2001:db8::/64"; a full length is left out. to: at least ADDRESS_TEXT bytes. Returns to. */
char *address_format(const struct address *a, char *to);

/* Whether every address of inner is one of outer. */
bool address_covers(const struct address *outer, const struct address *inner);

/* Whether the two have an address in common: then one covers the other. */
bool address_meets(const struct address *a, const struct address *b);

/* Whether it is a whole address (IPv4 of 32 bits, IPv6 of 128). */
bool address_is_single(const struct address *a);

/* Where a ban of a is kept. */
enum address_kind {
	ADDRESS_HASH_V4,
	ADDRESS_HASH_V6, /* a /64 or longer: kept as its /64 */
	ADDRESS_TRIE_V4,
	ADDRESS_TRIE_V6,
	ADDRESS_KINDS
};

enum address_kind address_kind(const struct address *a);

/* What a ban of a really bans: a itself, or its /64 when it is an IPv6 prefix longer than that. */
struct address address_of_ban(const struct address *a);

/* NULL when so wide a prefix may be banned, else why not, in plain English: shorter than /8 in IPv4, /16 in IPv6. */
const char *address_too_wide(const struct address *a);

/* The keys of the immune maps. a must be of the family that the key is for. */
void address_key_v4(const struct address *a, __u32 *key);
void address_key_v6(const struct address *a, __u64 *key);
void address_key_prefix_v4(const struct address *a, struct prefix_v4 *key);
void address_key_prefix_v6(const struct address *a, struct prefix_v6 *key);

/* False when the prefix is longer than what is banned at once: an IPv6 one beyond /64. */
bool address_key_never(const struct address *a, struct never_key *key);

/* The same way back. */
struct address address_from_v4(__u32 key);
struct address address_from_v6(__u64 key);
struct address address_from_prefix_v4(const struct prefix_v4 *key);
struct address address_from_prefix_v6(const struct prefix_v6 *key);

#endif
