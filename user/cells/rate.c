/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests per second and source: 4-way associative token buckets, the one longest unused gives way. */
#include "cells/rate.h"

#include <stdlib.h>

#define RATE_SETS 2048u
#define RATE_WAYS 4u

struct bucket {
	uint64_t source;
	uint64_t seen_ms; /* 0: empty */
	uint64_t tokens;  /* thousandths */
};

struct rate_table {
	uint32_t per_second;
	struct bucket bucket[RATE_SETS][RATE_WAYS];
};

struct rate_table *rate_new(uint32_t per_second)
{
	struct rate_table *r = calloc(1, sizeof(*r));

	if (r)
		r->per_second = per_second;
	return r;
}

void rate_free(struct rate_table *r)
{
	free(r);
}

static struct bucket *bucket_of(struct rate_table *r, uint64_t source, uint64_t now_ms)
{
	uint64_t mixed = source * 0x9e3779b97f4a7c15ULL;
	struct bucket *set = r->bucket[(mixed >> 40) % RATE_SETS], *oldest = set;

	for (unsigned i = 0; i < RATE_WAYS; i++) {
		if (set[i].source == source && set[i].seen_ms)
			return &set[i];
		if (set[i].seen_ms < oldest->seen_ms)
			oldest = &set[i];
	}
	*oldest = (struct bucket){ .source = source, .seen_ms = now_ms ? now_ms : 1, .tokens = r->per_second * 1000ULL };
	return oldest;
}

bool rate_take(struct rate_table *r, uint64_t source, uint64_t now_ms)
{
	struct bucket *b = bucket_of(r, source, now_ms);
	uint64_t full = r->per_second * 1000ULL;
	uint64_t gone = now_ms > b->seen_ms ? now_ms - b->seen_ms : 0;

	b->tokens = gone >= 1000 ? full : b->tokens + gone * r->per_second;
	if (b->tokens > full)
		b->tokens = full;
	if (now_ms > b->seen_ms)
		b->seen_ms = now_ms;
	if (b->tokens < 1000)
		return false;
	b->tokens -= 1000;
	return true;
}
