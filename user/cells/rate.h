/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests per second and source: token buckets in a table of fixed size, pure but for its memory. */
#ifndef CELLWS_CELLS_RATE_H
#define CELLWS_CELLS_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate_table;

/* per_second > 0: the rate; a bucket holds one second's worth. NULL when out of memory. */
struct rate_table *rate_new(uint32_t per_second);
void rate_free(struct rate_table *r);

/*
 * Takes one token of source (an IPv4 address, or the upper 64 bits of an IPv6 address; any 64-bit key). False when its
 * bucket is empty. now_ms: a clock that does not go back. A source that was pushed out of the table by others begins
 * with a full bucket.
 */
bool rate_take(struct rate_table *r, uint64_t source, uint64_t now_ms);

#endif
