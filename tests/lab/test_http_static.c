/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Conditions, ranges and redirects through the whole server: what is special is never answered from memory. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "web.h"

LAB_SUITE(lab_72_http_static, 60);

static struct lab_conn conn;
static char etag[80], modified[80];

static void ask(struct lab_answer *a, const char *method, const char *target, const char *fields, int status)
{
	char what[256];

	snprintf(what, sizeof(what), "%s %s %s", method, target, fields);
	lab_say(&conn, "%s %s HTTP/1.1\r\n" WEB_HOST "%s\r\n", method, target, fields);
	web_expect(&conn, a, !strcmp(method, "HEAD"), status, what);
}

/* X(GET's status, HEAD's status, fields up to a value, the value) */
#define CONDITIONS(X)                                                                                                  \
	X(304, 304, "If-None-Match: ", etag)                                                                           \
	X(304, 304, "If-None-Match: \"x\", ", etag)                                                                    \
	X(200, 200, "If-None-Match: ", "\"x\"")                                                                        \
	X(304, 304, "If-None-Match: ", "*")                                                                            \
	X(304, 304, "If-Modified-Since: ", modified)                                                                   \
	X(200, 200, "If-Modified-Since: ", LONG_AGO)                                                                   \
	X(200, 200, "If-Match: ", etag)                                                                                \
	X(412, 412, "If-Match: ", "\"x\"")                                                                             \
	X(412, 412, "If-Unmodified-Since: ", LONG_AGO)                                                                 \
	X(304, 304, "Range: bytes=0-1\r\nIf-None-Match: ", etag)                                                       \
	X(206, 200, "Range: bytes=", "0-9")                                                                            \
	X(206, 200, "Range: bytes=", "-10")                                                                            \
	X(206, 200, "Range: bytes=", "99990-")                                                                         \
	X(206, 200, "Range: bytes=", "0-59999,60000-99999")                                                            \
	X(416, 200, "Range: bytes=", "100000-")                                                                        \
	X(200, 200, "Range: bytes=", "5-1")                                                                            \
	X(200, 200, "Range: lines=", "0-9")                                                                            \
	X(206, 200, "Range: bytes=0-9\r\nIf-Range: ", etag)                                                            \
	X(200, 200, "Range: bytes=0-9\r\nIf-Range: ", "\"x\"")
#define LONG_AGO "Sun, 06 Nov 1994 08:49:37 GMT"

static void condition(const char *target, const char *before, const char *value, int get, int head)
{
	struct lab_answer a;
	char fields[256];

	snprintf(fields, sizeof(fields), "%s%s\r\n", before, value);
	/* Before and behind stands the plain answer, from memory if it may. */
	ask(&a, "GET", target, "", 200);
	lab_answer_free(&a);
	ask(&a, "GET", target, fields, get);
	cr_expect(get != 304 || !lab_field(&a, "Content-Length"), "%s", fields);
	lab_answer_free(&a);
	ask(&a, "HEAD", target, fields, head);
	lab_answer_free(&a);
	ask(&a, "GET", target, "", 200);
	cr_expect_eq(a.body_n, WEB_FILE);
	lab_answer_free(&a);
}

static void learn(const char *target)
{
	struct lab_answer a;

	ask(&a, "GET", target, "", 200);
	snprintf(etag, sizeof(etag), "%s", lab_field(&a, "ETag") ?: "");
	snprintf(modified, sizeof(modified), "%s", lab_field(&a, "Last-Modified") ?: "");
	cr_assert(*etag && *modified);
	lab_answer_free(&a);
}

Test(lab_72_http_static, a_conditions)
{
	web_up(&lab, "");
	lab_connect(&conn, LAB_SERVER_V4);
	learn("/hundred");
#define X(get, head, before, value) condition("/hundred", before, value, get, head);
	CONDITIONS(X)
#undef X
	lab_hang_up(&conn);
	web_expect_calm(&lab, "conditions");
}

Test(lab_72_http_static, b_ranges)
{
	struct lab_answer whole, a;

	web_up(&lab, "");
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&whole, "GET", "/hundred", "", 200);
	ask(&a, "GET", "/hundred", "Range: bytes=20000-99999\r\n", 206);
	cr_expect(a.body_n == 80000 && !memcmp(a.body, whole.body + 20000, 80000), "sent as a file");
	cr_expect_str_eq(lab_field(&a, "Content-Range") ?: "", "bytes 20000-99999/100000");
	lab_answer_free(&a);
	ask(&a, "GET", "/hundred", "Range: bytes=7-9\r\n", 206);
	cr_expect(a.body_n == 3 && !memcmp(a.body, whole.body + 7, 3), "sent as bytes");
	lab_answer_free(&a);
	ask(&a, "GET", "/hundred", "Range: bytes=0-69999,70000-99999\r\n", 206);
	cr_expect(memmem(a.body, a.body_n, whole.body, 70000) && memmem(a.body, a.body_n, whole.body + 70000, 30000),
		"pulled in parts");
	lab_answer_free(&a);
	ask(&a, "GET", "/hundred", "Range: bytes=100000-\r\n", 416);
	cr_expect_str_eq(lab_field(&a, "Content-Range") ?: "", "bytes */100000");
	lab_answer_free(&a);
	lab_answer_free(&whole);
	web_expect_kept(&conn, "ranges");
	lab_hang_up(&conn);
	web_expect_calm(&lab, "ranges");
}

Test(lab_72_http_static, c_directories_and_nothing)
{
	struct lab_answer a;

	web_up(&lab, "");
	lab_sh(&lab,
		"mkdir -m 755 %s/sub && echo within > %s/sub/index.html && chmod 644 %s/sub/index.html && : > %s/empty",
		lab.root, lab.root, lab.root, lab.root);
	lab_expect(&lab, 0, NULL);
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", "/sub?q", "", 301);
	cr_expect_str_eq(lab_field(&a, "Location") ?: "", "/sub/?q");
	lab_answer_free(&a);
	ask(&a, "GET", "/sub/", "", 200);
	cr_expect_str_eq(a.body, "within\n");
	lab_answer_free(&a);
	ask(&a, "GET", "/empty", "", 200);
	cr_expect_str_eq(lab_field(&a, "Content-Length") ?: "", "0");
	lab_answer_free(&a);
	web_expect_kept(&conn, "an empty file");
	lab_hang_up(&conn);
	web_expect_calm(&lab, "directories");
}

/* What is remembered is forgotten soon: a file that changes is seen within the second it promises. */
Test(lab_72_http_static, d_memory_is_short)
{
	struct lab_answer a;
	double until;

	web_up(&lab, "");
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", "/small", "", 200);
	lab_answer_free(&a);
	lab_put(&lab, "small", "another\n", 8);
	ask(&a, "GET", "/small", "Cache-Control: no-cache\r\n", 200);
	cr_expect_str_eq(a.body, "another\n", "asked for fresh: %s", a.body);
	lab_answer_free(&a);
	until = lab_now() + LAB_SOON_S;
	for (bool seen = false; !seen;) {
		ask(&a, "GET", "/small", "", 200);
		seen = a.body_n == 8;
		lab_answer_free(&a);
		cr_assert(seen || lab_now() < until, "the file of before is still answered");
	}
	lab_hang_up(&conn);
	web_expect_calm(&lab, "a file that changes");
}
