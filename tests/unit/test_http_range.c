/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of the Range field. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/range.h"

struct range_case {
	const char *value;
	uint64_t length;
	int count;
	struct http_range r[3];
};

static const struct range_case range_cases[] = {
	{"bytes=0-9", 100, 1, {{0, 10}}},
	{"bytes=0-0", 100, 1, {{0, 1}}},
	{"bytes=99-", 100, 1, {{99, 1}}},
	{"bytes=0-", 100, 1, {{0, 100}}},
	{"bytes=10-99", 100, 1, {{10, 90}}},
	{"bytes=10-100", 100, 1, {{10, 90}}},
	{"bytes=10-99999999999999999999999", 100, 1, {{10, 90}}},
	{"bytes=10-18446744073709551621", 100, 1, {{10, 90}}},
	{"bytes=-1", 100, 1, {{99, 1}}},
	{"bytes=-100", 100, 1, {{0, 100}}},
	{"bytes=-1000", 100, 1, {{0, 100}}},
	{"bytes=-99999999999999999999999", 100, 1, {{0, 100}}},
	{"Bytes=0-9", 100, 1, {{0, 10}}},
	{"bytes=00-09", 100, 1, {{0, 10}}},
	{"bytes=0-9,20-29", 100, 2, {{0, 10}, {20, 10}}},
	{"bytes=20-29, 0-9", 100, 2, {{20, 10}, {0, 10}}},
	{"bytes= 0-9\t,,  -5 ,", 100, 2, {{0, 10}, {95, 5}}},
	{"bytes=0-9,5-14", 100, 2, {{0, 10}, {5, 10}}},
	{"bytes=0-9,10-19,20-29", 100, 3, {{0, 10}, {10, 10}, {20, 10}}},
	{"bytes=0-49,50-99", 100, 2, {{0, 50}, {50, 50}}},
	{"bytes=200-,0-9", 100, 1, {{0, 10}}},
	{"bytes=0-9,200-300", 100, 1, {{0, 10}}},
	{"bytes=0-18446744073709551614", UINT64_MAX, 1, {{0, UINT64_MAX}}},
	{"bytes=18446744073709551614-", UINT64_MAX, 1, {{UINT64_MAX - 1, 1}}},
	/* nothing can be satisfied */
	{"bytes=100-", 100, -416, {{0, 0}}},
	{"bytes=100-200", 100, -416, {{0, 0}}},
	{"bytes=99999999999999999999999-", 100, -416, {{0, 0}}},
	{"bytes=-0", 100, -416, {{0, 0}}},
	{"bytes=-0,100-", 100, -416, {{0, 0}}},
	{"bytes=0-", 0, -416, {{0, 0}}},
	{"bytes=0-0", 0, -416, {{0, 0}}},
	{"bytes=-0", 0, -416, {{0, 0}}},
	/* ignored: the last bytes of nothing */
	{"bytes=-5", 0, 0, {{0, 0}}},
	/* ignored: another unit */
	{"", 100, 0, {{0, 0}}},
	{"items=0-9", 100, 0, {{0, 0}}},
	{"byte=0-9", 100, 0, {{0, 0}}},
	{"bytes", 100, 0, {{0, 0}}},
	{"bytes 0-9", 100, 0, {{0, 0}}},
	{"bytes =0-9", 100, 0, {{0, 0}}},
	{"0-9", 100, 0, {{0, 0}}},
	/* ignored: form */
	{"bytes=", 100, 0, {{0, 0}}},
	{"bytes=,", 100, 0, {{0, 0}}},
	{"bytes=-", 100, 0, {{0, 0}}},
	{"bytes=5", 100, 0, {{0, 0}}},
	{"bytes=a-b", 100, 0, {{0, 0}}},
	{"bytes=0-9x", 100, 0, {{0, 0}}},
	{"bytes=0 -9", 100, 0, {{0, 0}}},
	{"bytes=0- 9", 100, 0, {{0, 0}}},
	{"bytes=0--9", 100, 0, {{0, 0}}},
	{"bytes=--9", 100, 0, {{0, 0}}},
	{"bytes=+0-9", 100, 0, {{0, 0}}},
	{"bytes=0-9-", 100, 0, {{0, 0}}},
	{"bytes=9-0", 100, 0, {{0, 0}}},
	{"bytes=200-100", 100, 0, {{0, 0}}},
	{"bytes=0-9,x", 100, 0, {{0, 0}}},
	{"bytes=0-9;20-29", 100, 0, {{0, 0}}},
	/* ignored: together more than the whole */
	{"bytes=0-,0-", 100, 0, {{0, 0}}},
	{"bytes=0-50,50-99", 100, 0, {{0, 0}}},
	{"bytes=0-,-1", 100, 0, {{0, 0}}},
	{"bytes=0-,0-", UINT64_MAX, 0, {{0, 0}}},
};

Test(http_20_range, a_values)
{
	for (size_t i = 0; i < sizeof(range_cases) / sizeof(range_cases[0]); i++) {
		const struct range_case *c = &range_cases[i];
		struct http_range out[HTTP_RANGES_MAX];
		int count = http_range_parse(c->value, strlen(c->value), c->length, out);

		cr_expect_eq(count, c->count, "%d, not %d: %s", count, c->count, c->value);
		for (int k = 0; k < count && k < c->count; k++)
			cr_expect(out[k].first == c->r[k].first && out[k].length == c->r[k].length, "range %d of %s", k,
				c->value);
	}
}

Test(http_20_range, b_at_most_16)
{
	char value[256] = "bytes=0-0";
	struct http_range out[HTTP_RANGES_MAX];
	char *end = value + strlen(value);

	for (int i = 1; i < HTTP_RANGES_MAX; i++)
		end = stpcpy(end, ",0-0");
	cr_expect_eq(http_range_parse(value, strlen(value), 100, out), HTTP_RANGES_MAX);
	stpcpy(end, ",0-0");
	cr_expect_eq(http_range_parse(value, strlen(value), 100, out), 0);
	stpcpy(end, ",200-");
	cr_expect_eq(http_range_parse(value, strlen(value), 100, out), 0);
}

Test(http_20_range, c_no_field)
{
	struct http_range out[HTTP_RANGES_MAX];

	cr_expect_eq(http_range_parse(NULL, 0, 100, out), 0);
	cr_expect_eq(http_range_parse("bytes=0-99", 9, 100, out), 1);
	cr_expect_eq(out[0].length, 10);
}
