// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Parses, formats and compares addresses and prefixes, and makes every key of the immune maps; pure.
#include "immune/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BAN_V4_MIN 8  /* a wider ban is more likely a slip than a wish */
#define BAN_V6_MIN 16
#define V6_SOURCE  64 /* IPv6 sources are judged by this much of their address */

static const uint8_t mapped_head[12] = { [10] = 0xff, [11] = 0xff };

static unsigned int full_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

/* Clears the bits beyond the prefix length; whether one was set. */
static bool clear_host(struct address *a)
{
	bool set = false;

	for (unsigned int i = 0; i < sizeof(a->bytes); i++) {
		unsigned int kept = a->bits > i * 8 ? a->bits - i * 8 : 0;
		uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00 >> kept);

		set |= a->bytes[i] & (uint8_t)~mask;
		a->bytes[i] &= mask;
	}
	return set;
}

/* "0" to "128" without sign, space or leading zero; -1 for anything else. */
static int parse_length(const char *text)
{
	size_t n = strspn(text, "0123456789");
	int value = 0;

	if (n == 0 || n > 3 || text[n] || (text[0] == '0' && n > 1))
		return -1;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

static bool unmap(struct address *a)
{
	if (a->family != AF_INET6 || a->bits < 96 || memcmp(a->bytes, mapped_head, sizeof(mapped_head)))
		return false;
	memcpy(a->bytes, a->bytes + 12, 4);
	memset(a->bytes + 4, 0, 12);
	a->family = AF_INET;
	a->bits -= 96;
	return true;
}

int address_parse(const char *text, struct address *to, unsigned int *notice)
{
	const char *slash = strchrnul(text, '/');
	char name[INET6_ADDRSTRLEN];
	struct address a = { 0 };
	unsigned int seen = 0;
	int length;

	if ((size_t)(slash - text) >= sizeof(name))
		return -EINVAL;
	memcpy(name, text, (size_t)(slash - text));
	name[slash - text] = 0;
	a.family = strchr(name, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(a.family, name, a.bytes) != 1)
		return -EINVAL;
	length = *slash ? parse_length(slash + 1) : (int)full_bits(a.family);
	if (length < 0 || (unsigned int)length > full_bits(a.family))
		return -EINVAL;
	a.bits = (uint16_t)length;
	if (unmap(&a))
		seen |= ADDRESS_MAPPED;
	if (clear_host(&a))
		seen |= ADDRESS_MASKED;
	if (notice)
		*notice = seen;
	*to = a;
	return 0;
}

int address_make(int family, const void *bytes, unsigned int bits, struct address *to)
{
	if ((family != AF_INET && family != AF_INET6) || bits > full_bits(family))
		return -EINVAL;
	*to = (struct address){ .family = (uint16_t)family, .bits = (uint16_t)bits };
	memcpy(to->bytes, bytes, family == AF_INET ? 4 : 16);
	clear_host(to);
	return 0;
}

char *address_format(const struct address *a, char *to)
{
	char name[INET6_ADDRSTRLEN];

	if (!inet_ntop(a->family, a->bytes, name, sizeof(name)))
		snprintf(to, ADDRESS_TEXT, "(no address)");
	else if (address_is_single(a))
		snprintf(to, ADDRESS_TEXT, "%s", name);
	else
		snprintf(to, ADDRESS_TEXT, "%s/%u", name, a->bits);
	return to;
}

bool address_is_single(const struct address *a)
{
	return a->bits == full_bits(a->family);
}

bool address_covers(const struct address *outer, const struct address *inner)
{
	struct address cut = *inner;

	if (outer->family != inner->family || outer->bits > inner->bits)
		return false;
	cut.bits = outer->bits;
	clear_host(&cut);
	return !memcmp(cut.bytes, outer->bytes, sizeof(cut.bytes));
}

bool address_meets(const struct address *a, const struct address *b)
{
	return address_covers(a, b) || address_covers(b, a);
}

enum address_kind address_kind(const struct address *a)
{
	if (a->family == AF_INET)
		return a->bits == 32 ? ADDRESS_HASH_V4 : ADDRESS_TRIE_V4;
	return a->bits >= V6_SOURCE ? ADDRESS_HASH_V6 : ADDRESS_TRIE_V6;
}

struct address address_of_ban(const struct address *a)
{
	struct address ban = *a;

	if (ban.family == AF_INET6 && ban.bits > V6_SOURCE) {
		ban.bits = V6_SOURCE;
		clear_host(&ban);
	}
	return ban;
}

const char *address_too_wide(const struct address *a)
{
	if (a->bits == 0)
		return "that is every address there is";
	if (a->family == AF_INET && a->bits < BAN_V4_MIN)
		return "wider than an IPv4 ban may be; /8 is the widest";
	if (a->family == AF_INET6 && a->bits < BAN_V6_MIN)
		return "wider than an IPv6 ban may be; /16 is the widest";
	return NULL;
}

void address_key_v4(const struct address *a, __u32 *key)
{
	memcpy(key, a->bytes, sizeof(*key));
}

void address_key_v6(const struct address *a, __u64 *key)
{
	memcpy(key, a->bytes, sizeof(*key));
}

bool address_key_never(const struct address *a, struct never_key *key)
{
	bool v4 = a->family == AF_INET;
	__u32 word;

	*key = (struct never_key){ .family = v4 ? 4 : 6, .bits = a->bits };
	if (v4) {
		address_key_v4(a, &word);
		key->key = word;
	} else {
		address_key_v6(a, &key->key);
	}
	return v4 || a->bits <= 64;
}

void address_key_prefix_v4(const struct address *a, struct prefix_v4 *key)
{
	key->bits = a->bits;
	memcpy(&key->addr, a->bytes, sizeof(key->addr));
}

void address_key_prefix_v6(const struct address *a, struct prefix_v6 *key)
{
	key->bits = a->bits;
	memcpy(key->addr, a->bytes, sizeof(key->addr));
}

struct address address_from_v4(__u32 key)
{
	struct address a = { .family = AF_INET, .bits = 32 };

	memcpy(a.bytes, &key, sizeof(key));
	return a;
}

struct address address_from_v6(__u64 key)
{
	struct address a = { .family = AF_INET6, .bits = V6_SOURCE };

	memcpy(a.bytes, &key, sizeof(key));
	return a;
}

struct address address_from_prefix_v4(const struct prefix_v4 *key)
{
	struct address a = { .family = AF_INET, .bits = (uint16_t)key->bits };

	memcpy(a.bytes, &key->addr, sizeof(key->addr));
	return a;
}

struct address address_from_prefix_v6(const struct prefix_v6 *key)
{
	struct address a = { .family = AF_INET6, .bits = (uint16_t)key->bits };

	memcpy(a.bytes, key->addr, sizeof(key->addr));
	return a;
}
