/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests per second and source: buckets fill, empty and are pushed out as promised. */
#include "cells/rate.h"

#include <criterion/criterion.h>

static unsigned taken(struct rate_table *r, uint64_t source, uint64_t now_ms, unsigned tries)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tries; i++)
		n += rate_take(r, source, now_ms);
	return n;
}

Test(rate, a_full_bucket_holds_one_second)
{
	struct rate_table *r = rate_new(50);

	cr_assert_eq(taken(r, 7, 1000, 200), 50);
	rate_free(r);
}

Test(rate, it_fills_with_time_and_not_beyond)
{
	struct rate_table *r = rate_new(50);

	taken(r, 7, 1000, 50);
	cr_assert_eq(taken(r, 7, 1100, 200), 5);
	cr_assert_eq(taken(r, 7, 61000, 200), 50);
	rate_free(r);
}

Test(rate, sources_do_not_share)
{
	struct rate_table *r = rate_new(10);

	taken(r, 1, 1000, 10);
	cr_assert_eq(taken(r, 2, 1000, 20), 10);
	cr_assert_eq(taken(r, 1, 1000, 20), 0);
	rate_free(r);
}

Test(rate, a_clock_that_stands_still_or_jumps_back_gives_nothing)
{
	struct rate_table *r = rate_new(10);

	taken(r, 1, 5000, 10);
	cr_assert_eq(taken(r, 1, 5000, 5), 0);
	cr_assert_eq(taken(r, 1, 1000, 5), 0);
	cr_assert_eq(taken(r, 1, 5100, 5), 1);
	rate_free(r);
}

Test(rate, many_sources_need_no_more_memory_and_the_busy_one_is_kept)
{
	struct rate_table *r = rate_new(10);
	unsigned busy = 0;

	for (uint64_t i = 0; i < 100000; i++) {
		rate_take(r, 1000 + i, 1000 + i / 1000);
		busy += i % 100 == 0 && rate_take(r, 1, 1000 + i / 1000);
	}
	/* One second's worth and what the tenth of a second since has brought. */
	cr_assert_leq(busy, 12, "the busy source was forgotten: %u", busy);
	rate_free(r);
}
