/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gene "static": the five conditional fields and their precedence (RFC 9110 13.2.2). */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "site.h"

#define BEFORE "Sun, 09 Sep 2001 01:46:39 GMT"
#define AFTER  "Sun, 09 Sep 2001 01:46:41 GMT"

static struct site s;
static char etag[64];

static void up(void)
{
	site_open(&s, "index.html");
	site_put_text(&s, "root/a", "0123456789");
	cr_assert_eq(site_get(&s, "/a"), 200);
	snprintf(etag, sizeof(etag), "%s", site_field(&s, "ETag"));
}

static void down(void)
{
	site_close(&s);
}

TestSuite(static_conditions, .init = up, .fini = down);

/* ETAG stands for the file's own tag. */
static const char ETAG[] = "the file's";

static int asked(const char *method, const char *const fields[8])
{
	struct fake_ask ask = {.method = method, .path = "/a"};

	for (int i = 0; i < 8; i++)
		ask.fields[i] = fields[i] == ETAG ? etag : fields[i];
	return site_ask(&s, &ask);
}

struct want {
	const char *fields[8];
	int status;
};

static const struct want wanted[] = {
	{{"If-None-Match", ETAG}, 304},
	{{"If-None-Match", "\"x\""}, 200},
	{{"If-None-Match", "*"}, 304},
	{{"If-None-Match", "\"x\"", "If-None-Match", ETAG}, 304},
	{{"If-None-Match", ETAG, "If-None-Match", "\"x\""}, 304},
	{{"If-None-Match", "\"y\"", "Accept", "x", "if-none-match", ETAG}, 304},
	{{"If-Match", ETAG}, 200},
	{{"If-Match", "\"x\""}, 412},
	{{"If-Match", "*"}, 200},
	{{"If-Match", "\"x\"", "If-Match", ETAG}, 200},
	{{"If-Modified-Since", SITE_DATE}, 304},
	{{"If-Modified-Since", AFTER}, 304},
	{{"If-Modified-Since", BEFORE}, 200},
	{{"If-Modified-Since", "nonsense"}, 200},
	{{"If-Unmodified-Since", SITE_DATE}, 200},
	{{"If-Unmodified-Since", BEFORE}, 412},
	{{"If-Unmodified-Since", "nonsense"}, 200},
	/* precedence */
	{{"If-None-Match", "\"x\"", "If-Modified-Since", AFTER}, 200},
	{{"If-None-Match", ETAG, "If-Modified-Since", BEFORE}, 304},
	{{"If-Match", ETAG, "If-Unmodified-Since", BEFORE}, 200},
	{{"If-Match", "\"x\"", "If-None-Match", ETAG}, 412},
	{{"If-Match", ETAG, "If-None-Match", ETAG}, 304},
	{{"If-Unmodified-Since", BEFORE, "If-None-Match", ETAG}, 412},
	{{"If-Match", "\"x\"", "Range", "bytes=0-1"}, 412},
	{{"If-None-Match", ETAG, "Range", "bytes=0-1"}, 304},
	{{"If-None-Match", ETAG, "Range", "bytes=90-"}, 304},
	/* If-Range */
	{{"If-Range", ETAG, "Range", "bytes=0-1"}, 206},
	{{"If-Range", "\"x\"", "Range", "bytes=0-1"}, 200},
	{{"If-Range", SITE_DATE, "Range", "bytes=0-1"}, 206},
	{{"If-Range", AFTER, "Range", "bytes=0-1"}, 200},
	{{"If-Range", "\"x\"", "Range", "bytes=90-"}, 200},
	{{"If-Range", ETAG, "Range", "bytes=90-"}, 416},
	{{"If-Range", ETAG}, 200},
};

Test(static_conditions, each_and_their_precedence)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		const struct want *w = &wanted[i];
		cr_expect_eq(asked("GET", w->fields), w->status, "%zu: %s: %s gives %d, not %d", i, w->fields[0],
			w->fields[1], s.d.rs.status, w->status);
		cr_expect_eq(s.d.rs.fresh_ms, 0, "%zu: an answer to a condition is for this client alone", i);
		if (w->status == 200)
			cr_expect_str_eq(s.d.body, "0123456789");
	}
}

Test(static_conditions, head_is_judged_as_get_without_ranges)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		const struct want *w = &wanted[i];
		int status = w->status == 206 || w->status == 416 ? 200 : w->status;
		cr_expect_eq(asked("HEAD", w->fields), status, "%zu: %s: %s", i, w->fields[0], w->fields[1]);
		cr_expect_eq(s.d.body_n, 0);
	}
}

Test(static_conditions, not_modified_has_the_validators_and_nothing_else)
{
	cr_assert_eq(asked("GET", (const char *[8]){"If-None-Match", ETAG}), 304);
	cr_expect_str_eq(site_field(&s, "ETag"), etag);
	cr_expect_str_eq(site_field(&s, "Last-Modified"), SITE_DATE);
	cr_expect_null(site_field(&s, "Content-Type"));
	cr_expect_null(site_field(&s, "Content-Length"));
	cr_expect_eq(s.d.body_n, 0);
}

Test(static_conditions, a_failed_precondition_says_so)
{
	cr_assert_eq(asked("GET", (const char *[8]){"If-Match", "\"x\""}), 412);
	cr_expect_str_eq(s.d.body, "412 Precondition Failed\n");
}

Test(static_conditions, what_is_not_there_stays_404)
{
	struct fake_ask ask = {.path = "/none", .fields = {"If-None-Match", "*"}};

	cr_expect_eq(site_ask(&s, &ask), 404);
}

Test(static_conditions, many_fields_are_one_list)
{
	struct fake_ask ask = {.path = "/a"};

	for (int i = 0; i < FAKE_FIELDS_MAX - 1; i++) {
		ask.fields[2 * i] = i % 2 ? "If-None-Match" : "If-Match";
		ask.fields[2 * i + 1] = "\"x\"";
	}
	ask.fields[2 * FAKE_FIELDS_MAX - 2] = "If-Match";
	ask.fields[2 * FAKE_FIELDS_MAX - 1] = etag;
	cr_expect_eq(site_ask(&s, &ask), 200);
}

Test(static_conditions, more_than_fits_is_431)
{
	static char long_list[40000];
	struct fake_ask ask = {.path = "/a", .fields = {"If-None-Match", long_list, "If-None-Match", long_list}};

	memset(long_list, 'x', sizeof(long_list) - 1);
	cr_expect_eq(site_ask(&s, &ask), 431);
}
