/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What two requests have in common that kill in the same way: a keyed number of their shape; pure. */
#ifndef CELLWS_IMMUNE_FINGERPRINT_H
#define CELLWS_IMMUNE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#define FINGERPRINT_BODY_MAX 4096u

struct fingerprint_of {
	uint32_t method;
	uint32_t route;
	const char *path; /* normalised; runs of digits count as one digit */
	size_t path_n;
	const char *query; /* without '?'; the names of its parameters count, in any order, not their values */
	size_t query_n;
	const char *body; /* as much of it as is there; its first FINGERPRINT_BODY_MAX bytes count */
	size_t body_n;
};

/* Never 0. key: secret, so that nobody can make a request that looks like another. */
uint64_t fingerprint_make(const struct fingerprint_of *of, const uint64_t key[2]);

#endif
