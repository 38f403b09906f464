/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of conditional requests: each field alone, then their precedence. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/condition.h"

/* The resource was changed at THEN; EARLIER and LATER are a second before and after it. */
#define THEN	"Sun, 06 Nov 1994 08:49:37 GMT"
#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER	"Sun, 06 Nov 1994 08:49:38 GMT"
#define CHANGED INT64_C(784111777)
#define NOW	INT64_C(1760000000)

struct condition_case {
	const char *if_match, *if_none_match, *if_modified_since, *if_unmodified_since, *if_range, *range;
	int get, other;
};

static struct http_value condition_value(const char *s)
{
	return (struct http_value){s, s ? strlen(s) : 0};
}

static struct http_conditions conditions_of(const struct condition_case *c)
{
	return (struct http_conditions){
		.if_match = condition_value(c->if_match),
		.if_none_match = condition_value(c->if_none_match),
		.if_modified_since = condition_value(c->if_modified_since),
		.if_unmodified_since = condition_value(c->if_unmodified_since),
		.if_range = condition_value(c->if_range),
		.range = condition_value(c->range),
	};
}

static void expect_outcomes(
	const struct condition_case *cases, size_t n, const char *etag, int64_t modified, int64_t now)
{
	for (size_t i = 0; i < n; i++) {
		struct http_conditions c = conditions_of(&cases[i]);
		int get = (int)http_condition_judge(&c, etag, modified, true, now);
		int other = (int)http_condition_judge(&c, etag, modified, false, now);

		cr_expect_eq(get, cases[i].get, "case %zu, GET: %d, not %d", i, get, cases[i].get);
		cr_expect_eq(other, cases[i].other, "case %zu, PUT: %d, not %d", i, other, cases[i].other);
	}
}

#define EXPECT_OUTCOMES(cases, etag, modified, now)                                                                    \
	expect_outcomes(cases, sizeof(cases) / sizeof((cases)[0]), etag, modified, now)

Test(http_21_condition, a_none)
{
	static const struct condition_case cases[] = {{.get = 0, .other = 0}};

	EXPECT_OUTCOMES(cases, "\"a\"", CHANGED, NOW);
	EXPECT_OUTCOMES(cases, NULL, INT64_MIN, NOW);
}

Test(http_21_condition, b_if_none_match)
{
	static const struct condition_case cases[] = {
		{.if_none_match = "\"a\"", .get = 304, .other = 412},
		{.if_none_match = "W/\"a\"", .get = 304, .other = 412},
		{.if_none_match = "*", .get = 304, .other = 412},
		{.if_none_match = "\"x\", \"a\"", .get = 304, .other = 412},
		{.if_none_match = "\"x\"\t,,W/\"a\" ,\"y\"", .get = 304, .other = 412},
		{.if_none_match = "\"a,b\", \"a\"", .get = 304, .other = 412},
		{.if_none_match = "\"b\"", .get = 0, .other = 0},
		{.if_none_match = "\"A\"", .get = 0, .other = 0},
		{.if_none_match = "\"ab\"", .get = 0, .other = 0},
		{.if_none_match = "\"\"", .get = 0, .other = 0},
		{.if_none_match = "", .get = 0, .other = 0},
		{.if_none_match = "a", .get = 0, .other = 0},
		{.if_none_match = "\"a", .get = 0, .other = 0},
		{.if_none_match = "w/\"a\"", .get = 0, .other = 0},
		{.if_none_match = "x, \"a\"", .get = 0, .other = 0},
		{.if_none_match = "\"x\" \"a\"", .get = 0, .other = 0},
		{.if_none_match = "\"x,\"a\"", .get = 0, .other = 0},
		{.if_none_match = "*, \"b\"", .get = 0, .other = 0},
		{.if_none_match = "\"b \"a\"", .get = 0, .other = 0},
	};

	EXPECT_OUTCOMES(cases, "\"a\"", CHANGED, NOW);
	EXPECT_OUTCOMES(cases, "W/\"a\"", CHANGED, NOW);
}

Test(http_21_condition, c_if_match)
{
	static const struct condition_case strong[] = {
		{.if_match = "\"a\"", .get = 0, .other = 0},
		{.if_match = "*", .get = 0, .other = 0},
		{.if_match = "\"x\", \"a\"", .get = 0, .other = 0},
		{.if_match = "W/\"a\"", .get = 412, .other = 412},
		{.if_match = "\"b\"", .get = 412, .other = 412},
		{.if_match = "a", .get = 412, .other = 412},
		{.if_match = "", .get = 412, .other = 412},
	};
	static const struct condition_case weak[] = {
		{.if_match = "\"a\"", .get = 412, .other = 412},
		{.if_match = "W/\"a\"", .get = 412, .other = 412},
		{.if_match = "*", .get = 0, .other = 0},
	};

	EXPECT_OUTCOMES(strong, "\"a\"", CHANGED, NOW);
	EXPECT_OUTCOMES(weak, "W/\"a\"", CHANGED, NOW);
	EXPECT_OUTCOMES(weak, NULL, CHANGED, NOW);
}

Test(http_21_condition, d_dates)
{
	static const struct condition_case cases[] = {
		{.if_modified_since = THEN, .get = 304, .other = 0},
		{.if_modified_since = LATER, .get = 304, .other = 0},
		{.if_modified_since = EARLIER, .get = 0, .other = 0},
		{.if_modified_since = "Sunday, 06-Nov-94 08:49:37 GMT", .get = 304, .other = 0},
		{.if_modified_since = "yesterday", .get = 0, .other = 0},
		{.if_modified_since = "", .get = 0, .other = 0},
		{.if_unmodified_since = THEN, .get = 0, .other = 0},
		{.if_unmodified_since = LATER, .get = 0, .other = 0},
		{.if_unmodified_since = EARLIER, .get = 412, .other = 412},
		{.if_unmodified_since = "yesterday", .get = 0, .other = 0},
	};
	static const struct condition_case none[] = {
		{.if_modified_since = LATER, .get = 0, .other = 0},
		{.if_unmodified_since = EARLIER, .get = 0, .other = 0},
	};

	EXPECT_OUTCOMES(cases, NULL, CHANGED, NOW);
	EXPECT_OUTCOMES(none, "\"a\"", INT64_MIN, NOW);
}

Test(http_21_condition, e_range)
{
	static const struct condition_case cases[] = {
		{.range = "bytes=0-", .get = 1, .other = 0},
		{.range = "bytes=0-", .if_range = "\"a\"", .get = 1, .other = 0},
		{.range = "bytes=0-", .if_range = THEN, .get = 1, .other = 0},
		{.range = "bytes=0-", .if_range = "Sun Nov  6 08:49:37 1994", .get = 1, .other = 0},
		{.range = "bytes=0-", .if_range = "\"b\"", .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = "W/\"a\"", .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = "\"a\", \"b\"", .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = "*", .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = LATER, .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = EARLIER, .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = "", .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = "Wed, x", .get = 0, .other = 0},
		{.if_range = "\"a\"", .get = 0, .other = 0},
	};
	static const struct condition_case wednesday[] = {
		{.range = "bytes=0-", .if_range = "Wed, 09 Nov 1994 08:49:37 GMT", .get = 1, .other = 0},
	};
	static const struct condition_case weak[] = {
		{.range = "bytes=0-", .if_range = "\"a\"", .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = "W/\"a\"", .get = 0, .other = 0},
		{.range = "bytes=0-", .if_range = THEN, .get = 0, .other = 0},
	};

	EXPECT_OUTCOMES(cases, "\"a\"", CHANGED, NOW);
	EXPECT_OUTCOMES(cases, "\"a\"", CHANGED, CHANGED + 1);
	EXPECT_OUTCOMES(wednesday, "\"a\"", CHANGED + INT64_C(3) * 86400, NOW);
	EXPECT_OUTCOMES(weak, "W/\"a\"", INT64_MIN, NOW);
	EXPECT_OUTCOMES(weak, NULL, CHANGED, CHANGED);
}

Test(http_21_condition, f_precedence)
{
	static const struct condition_case cases[] = {
		/* If-Match makes If-Unmodified-Since moot. */
		{.if_match = "\"a\"", .if_unmodified_since = EARLIER, .get = 0, .other = 0},
		{.if_match = "\"b\"", .if_unmodified_since = LATER, .get = 412, .other = 412},
		/* If-None-Match makes If-Modified-Since moot. */
		{.if_none_match = "\"b\"", .if_modified_since = LATER, .get = 0, .other = 0},
		{.if_none_match = "\"a\"", .if_modified_since = EARLIER, .get = 304, .other = 412},
		{.if_none_match = "", .if_modified_since = LATER, .get = 0, .other = 0},
		/* What must hold comes before what must have changed. */
		{.if_match = "\"b\"", .if_none_match = "\"a\"", .get = 412, .other = 412},
		{.if_match = "\"a\"", .if_none_match = "\"a\"", .get = 304, .other = 412},
		{.if_unmodified_since = EARLIER, .if_none_match = "\"a\"", .get = 412, .other = 412},
		{.if_unmodified_since = THEN, .if_modified_since = THEN, .get = 304, .other = 0},
		/* Range comes last. */
		{.if_none_match = "\"a\"", .range = "bytes=0-", .get = 304, .other = 412},
		{.if_match = "\"b\"", .range = "bytes=0-", .get = 412, .other = 412},
		{.if_none_match = "\"b\"", .range = "bytes=0-", .get = 1, .other = 0},
		{.if_match = "\"a\"", .range = "bytes=0-", .if_range = "\"b\"", .get = 0, .other = 0},
		{.if_modified_since = EARLIER, .range = "bytes=0-", .if_range = THEN, .get = 1, .other = 0},
	};

	EXPECT_OUTCOMES(cases, "\"a\"", CHANGED, NOW);
}
