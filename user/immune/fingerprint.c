/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fingerprints of requests: SipHash over the parts that matter, each under a number of its own. */
#include "immune/fingerprint.h"

#include <stdbool.h>
#include <string.h>

#define SHAPE_MAX 512u /* bytes of a path's shape that count */

static inline uint64_t rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void sip_take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t fingerprint_siphash(const void *bytes, size_t n, const uint64_t key[2])
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL, key[0] ^ 0x6c7967656e657261ULL,
		key[1] ^ 0x7465646279746573ULL };
	uint64_t last = (uint64_t)n << 56, word = 0;
	const char *at = bytes;

	for (; n >= 8; n -= 8, at += 8) {
		memcpy(&word, at, 8);
		sip_take(v, word);
	}
	word = 0;
	memcpy(&word, at, n);
	sip_take(v, last | word);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static size_t shape(const char *path, size_t n, char to[SHAPE_MAX])
{
	size_t made = 0;
	bool digits = false;

	for (size_t i = 0; i < n && made < SHAPE_MAX; i++) {
		bool digit = path[i] >= '0' && path[i] <= '9';

		if (!digit || !digits)
			to[made++] = digit ? '0' : path[i];
		digits = digit;
	}
	return made;
}

/* A sum, so that their order does not count. */
static uint64_t names(const char *query, size_t n, const uint64_t key[2])
{
	uint64_t sum = 0;

	for (size_t at = 0; at < n;) {
		const char *end = memchr(query + at, '&', n - at);
		size_t part = end ? (size_t)(end - query) - at : n - at;
		const char *equal = memchr(query + at, '=', part);

		sum += fingerprint_siphash(query + at, equal ? (size_t)(equal - query) - at : part, key);
		at += part + 1;
	}
	return sum;
}

uint64_t fingerprint_make(const struct fingerprint_of *of, const uint64_t key[2])
{
	char path[SHAPE_MAX];
	uint64_t part[4] = { (uint64_t)of->method << 32 | of->route }, made;

	part[1] = fingerprint_siphash(path, shape(of->path, of->path_n, path), key);
	part[2] = of->query_n ? names(of->query, of->query_n, key) : 0;
	part[3] = of->body_n ? fingerprint_siphash(of->body, of->body_n, key) : 0;
	made = fingerprint_siphash(part, sizeof(part), key);
	return made ? made : 1;
}
