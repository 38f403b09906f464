/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of HTTP dates, against the C library where that knows better. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/date.h"

#define NOW	INT64_C(1760000000) /* 9 October 2025 */
#define EARLY	INT64_C(-62135596800)
#define LATE	INT64_C(253402300799)
#define EXAMPLE INT64_C(784111777)

static bool date_is(int64_t t, const char *text)
{
	char to[HTTP_DATE_BYTES + 1] = "";

	to[HTTP_DATE_BYTES] = '!';
	http_date_format(t, to);
	return memcmp(to, text, HTTP_DATE_BYTES) == 0 && to[HTTP_DATE_BYTES] == '!';
}

Test(http_19_date, a_format)
{
	cr_expect(date_is(EXAMPLE, "Sun, 06 Nov 1994 08:49:37 GMT"));
	cr_expect(date_is(0, "Thu, 01 Jan 1970 00:00:00 GMT"));
	cr_expect(date_is(-1, "Wed, 31 Dec 1969 23:59:59 GMT"));
	cr_expect(date_is(951782400, "Tue, 29 Feb 2000 00:00:00 GMT"));
	cr_expect(date_is(4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"));
	cr_expect(date_is(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"));
}

Test(http_19_date, b_format_clamps)
{
	cr_expect(date_is(EARLY, "Mon, 01 Jan 0001 00:00:00 GMT"));
	cr_expect(date_is(EARLY - 1, "Mon, 01 Jan 0001 00:00:00 GMT"));
	cr_expect(date_is(INT64_MIN, "Mon, 01 Jan 0001 00:00:00 GMT"));
	cr_expect(date_is(LATE, "Fri, 31 Dec 9999 23:59:59 GMT"));
	cr_expect(date_is(LATE + 1, "Fri, 31 Dec 9999 23:59:59 GMT"));
	cr_expect(date_is(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"));
}

Test(http_19_date, c_format_agrees_with_the_c_library)
{
	/* A step that is no multiple of a day, a few days longer than a week: every month and weekday is met. */
	for (int64_t t = EARLY; t <= LATE; t += 86400 * 11 + 12345) {
		char text[HTTP_DATE_BYTES + 1];
		time_t clock = (time_t)t;
		struct tm tm;
		int64_t back;

		cr_assert_not_null(gmtime_r(&clock, &tm));
		strftime(text, sizeof(text), "%a, %d %b 0000 %H:%M:%S GMT", &tm);
		for (int i = 15, year = tm.tm_year + 1900; i >= 12; i--, year /= 10)
			text[i] = (char)('0' + year % 10);
		cr_assert(date_is(t, text), "%s", text);
		cr_assert(http_date_parse(text, HTTP_DATE_BYTES, NOW, &back) == 0 && back == t, "%s", text);
	}
}

Test(http_19_date, d_the_three_forms)
{
	static const struct {
		const char *text;
		int64_t t;
	} cases[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE},
		{"Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE},
		{"Sun Nov  6 08:49:37 1994", EXAMPLE},
		{"Sun Nov 06 08:49:37 1994", EXAMPLE},
		{"Wed Nov 16 08:49:37 1994", EXAMPLE + 10 * 86400},
		{"Wednesday, 16-Nov-94 08:49:37 GMT", EXAMPLE + 10 * 86400},
		{"Mon, 06 Nov 1994 08:49:37 GMT", EXAMPLE},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
		{"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
		{"Mon, 01 Jan 0001 00:00:00 GMT", EARLY},
		{"Fri, 31 Dec 9999 23:59:59 GMT", LATE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t t = 12345;

		cr_expect_eq(http_date_parse(cases[i].text, strlen(cases[i].text), NOW, &t), 0, "%s", cases[i].text);
		cr_expect_eq(t, cases[i].t, "%s: %lld", cases[i].text, (long long)t);
	}
}

Test(http_19_date, e_refused)
{
	static const char *const bad[] = {"", "0", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
		" Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
		"Sun, 06 Nov 1994 08:49 GMT", "sun, 06 nov 1994 08:49:37 gmt", "Sun,06 Nov 1994 08:49:37 GMT",
		"Sun 06 Nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
		"Sun, 06 Now 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun,  6 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 32 Dec 1994 08:49:37 GMT", "Tue, 29 Feb 1900 00:00:00 GMT", "Wed, 29 Feb 2023 00:00:00 GMT",
		"Wed, 30 Feb 2024 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT",
		"Sun, 06 Nov 1994 08.49.37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 29-Feb-23 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
		"Sun Nov  6 08:49:37 1994 GMT", "Sun Nov 1  08:49:37 1994", "Sun Nov  0 08:49:37 1994",
		"Sun Nov 31 08:49:37 1994", "Sun, Nov  6 08:49:37 1994"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t t = 12345;

		cr_expect_eq(http_date_parse(bad[i], strlen(bad[i]), NOW, &t), -EINVAL, "%s", bad[i]);
		cr_expect_eq(t, 12345, "%s", bad[i]);
	}
}

Test(http_19_date, f_cut_short_is_refused)
{
	static const char text[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	int64_t t;

	for (size_t n = 0; n < sizeof(text) - 1; n++)
		cr_expect_eq(http_date_parse(text, n, NOW, &t), -EINVAL, "%zu", n);
}

Test(http_19_date, g_two_digits_of_a_year)
{
	/* The latest year that is not more than 50 years after now, 9 October 2025 08:53:20. */
	static const struct {
		const char *text;
		int64_t now;
		const char *same;
	} cases[] = {
		{"Thursday, 09-Oct-25 08:53:20 GMT", NOW, "Thu, 09 Oct 2025 08:53:20 GMT"},
		{"Sunday, 01-Jan-26 00:00:00 GMT", NOW, "Thu, 01 Jan 2026 00:00:00 GMT"},
		{"Sunday, 01-Jan-00 00:00:00 GMT", NOW, "Sat, 01 Jan 2000 00:00:00 GMT"},
		{"Sunday, 01-Jan-74 00:00:00 GMT", NOW, "Mon, 01 Jan 2074 00:00:00 GMT"},
		{"Sunday, 09-Oct-75 08:53:20 GMT", NOW, "Wed, 09 Oct 2075 08:53:20 GMT"},
		{"Sunday, 09-Oct-75 08:53:21 GMT", NOW, "Thu, 09 Oct 1975 08:53:21 GMT"},
		{"Sunday, 31-Dec-75 00:00:00 GMT", NOW, "Wed, 31 Dec 1975 00:00:00 GMT"},
		{"Sunday, 01-Jan-76 00:00:00 GMT", NOW, "Thu, 01 Jan 1976 00:00:00 GMT"},
		{"Sunday, 06-Nov-94 08:49:37 GMT", NOW, "Sun, 06 Nov 1994 08:49:37 GMT"},
		{"Sunday, 01-Jan-05 00:00:00 GMT", EXAMPLE, "Sat, 01 Jan 2005 00:00:00 GMT"},
		{"Sunday, 01-Jan-45 00:00:00 GMT", EXAMPLE, "Mon, 01 Jan 1945 00:00:00 GMT"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t t = 0, same = 1;

		cr_assert_eq(http_date_parse(cases[i].same, strlen(cases[i].same), 0, &same), 0);
		cr_expect_eq(http_date_parse(cases[i].text, strlen(cases[i].text), cases[i].now, &t), 0);
		cr_expect_eq(t, same, "%s is not %s", cases[i].text, cases[i].same);
	}
}
