/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fingerprints of requests: SipHash over the parts that matter, each under a number of its own. */
#include "immune/fingerprint.h"
#include "secret/secret.h"

#include <stdbool.h>
#include <string.h>

#define SHAPE_MAX 512u /* bytes of a path's shape that count */

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

		sum += secret_short(query + at, equal ? (size_t)(equal - query) - at : part, key);
		at += part + 1;
	}
	return sum;
}

uint64_t fingerprint_make(const struct fingerprint_of *of, const uint64_t key[2])
{
	size_t body_n = of->body_n < FINGERPRINT_BODY_MAX ? of->body_n : FINGERPRINT_BODY_MAX;
	struct {
		uint64_t head[3];
		char path[SHAPE_MAX];
	} all;
	uint64_t made;

	all.head[0] = (uint64_t)of->method << 32 | of->route;
	all.head[1] = of->query_n ? names(of->query, of->query_n, key) : 0;
	all.head[2] = body_n ? secret_short(of->body, body_n, key) : 0;
	made = secret_short(&all, sizeof(all.head) + shape(of->path, of->path_n, all.path), key);
	return made ? made : 1;
}
