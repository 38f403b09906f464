/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long a ban lasts, as people write it and as the maps hold it; pure. */
#ifndef CELLWS_IMMUNE_TTL_H
#define CELLWS_IMMUNE_TTL_H

#include <stdint.h>

#define TTL_FOREVER 0
#define TTL_MAX_S   (10ULL * 365 * 86400) /* longer is "forever" */

/* "20s", "5m", "2h", "1d" or "forever" (TTL_FOREVER) into seconds. 0 or -EINVAL: also 0 and more than TTL_MAX_S. */
int ttl_parse(const char *text, uint64_t *seconds);

/* When a ban made at now_ns ends: 0 for TTL_FOREVER. */
uint64_t ttl_expiry(uint64_t now_ns, uint64_t seconds);

/* Seconds until expires_ns, which is not 0, rounded up; 0 when it is over. */
uint64_t ttl_left(uint64_t now_ns, uint64_t expires_ns);

/* Whether a ban is over: the skin says the same of it. */
static inline int ttl_expired(uint64_t now_ns, uint64_t expires_ns)
{
	return expires_ns && now_ns >= expires_ns;
}

#endif
