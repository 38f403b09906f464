// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// How long a ban lasts: what is read, what is refused, when it is over.
#include <errno.h>
#include <criterion/criterion.h>
#include "immune/ttl.h"

Test(ttl, a_read)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = { { "1s", 1 }, { "20s", 20 }, { "5m", 300 }, { "2h", 7200 }, { "1d", 86400 }, { "3650d", 315360000 },
		{ "forever", TTL_FOREVER } };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		uint64_t seconds = 99;

		cr_expect(!ttl_parse(good[i].text, &seconds) && seconds == good[i].seconds, "%s", good[i].text);
	}
}

Test(ttl, b_refused)
{
	static const char *const bad[] = { "", "s", "20", "0s", "-1s", "+1s", " 1s", "1s ", "1 s", "1w", "1S", "1ms",
		"1.5h", "99999999999s", "999999999d", "3651d", "Forever", "forevers", "0x5s" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint64_t seconds;

		cr_expect(ttl_parse(bad[i], &seconds) == -EINVAL, "\"%s\"", bad[i]);
	}
}

Test(ttl, c_expiry)
{
	cr_expect(ttl_expiry(5, TTL_FOREVER) == 0);
	cr_expect(ttl_expiry(5, 2) == 2000000005);
	cr_expect(!ttl_expired(1, 0) && !ttl_expired(4, 5) && ttl_expired(5, 5) && ttl_expired(6, 5));
	cr_expect(ttl_left(5, 5) == 0 && ttl_left(9, 5) == 0 && ttl_left(0, 1) == 1);
	cr_expect(ttl_left(0, 1000000000) == 1 && ttl_left(0, 1000000001) == 2);
}
