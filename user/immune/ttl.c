// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Parses how long a ban lasts and says how much of it is left; pure.
#include "immune/ttl.h"

#include <errno.h>
#include <string.h>

#define SECOND_NS 1000000000ULL

/* X(letter, seconds) */
#define UNITS(X)     \
	X('s', 1)    \
	X('m', 60)   \
	X('h', 3600) \
	X('d', 86400)

static uint64_t unit_of(const char *text)
{
	if (!text[0] || text[1])
		return 0;
#define X(letter, seconds)         \
	if (text[0] == (letter))   \
		return (seconds);
	UNITS(X)
#undef X
	return 0;
}

int ttl_parse(const char *text, uint64_t *seconds)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value = 0, unit;

	if (!strcmp(text, "forever")) {
		*seconds = TTL_FOREVER;
		return 0;
	}
	unit = unit_of(text + digits);
	if (digits == 0 || digits > 9 || !unit)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	if (value == 0 || value * unit > TTL_MAX_S)
		return -EINVAL;
	*seconds = value * unit;
	return 0;
}

uint64_t ttl_expiry(uint64_t now_ns, uint64_t seconds)
{
	return seconds == TTL_FOREVER ? 0 : now_ns + seconds * SECOND_NS;
}

uint64_t ttl_left(uint64_t now_ns, uint64_t expires_ns)
{
	return ttl_expired(now_ns, expires_ns) ? 0 : (expires_ns - now_ns + SECOND_NS - 1) / SECOND_NS;
}
