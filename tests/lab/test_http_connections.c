/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How connections go on and end: versions, keep-alive, half-close, reset in every phase; forms of the target; the date. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "web.h"

LAB_SUITE(lab_69_http_connections, 60);

/* X(the request, status, the connection goes on, value of Connection) */
#define PERSISTENCE(X)                                                                                                 \
	X("GET /small HTTP/1.1\r\n" WEB_HOST "\r\n", 200, true, NULL)                                                  \
	X("GET /small HTTP/1.9\r\n" WEB_HOST "\r\n", 200, true, NULL)                                                  \
	X("GET /small HTTP/1.1\r\n" WEB_HOST "Connection: Close\r\n\r\n", 200, false, "close")                         \
	X("GET /hello HTTP/1.1\r\n" WEB_HOST "Connection: foo, close\r\n\r\n", 200, false, "close")                    \
	X("GET /nothing HTTP/1.1\r\n" WEB_HOST "Connection: close\r\n\r\n", 404, false, "close")                       \
	X("GET /small HTTP/1.0\r\n\r\n", 200, false, "close")                                                          \
	X("GET /hello HTTP/1.0\r\n\r\n", 200, false, "close")                                                          \
	X("GET /small HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, true, "keep-alive")                            \
	X("GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, true, "keep-alive")                            \
	X("GET /file HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, true, "keep-alive")                             \
	X("GET /pull?unknown=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, false, "close")                       \
	X("\r\nGET /small HTTP/1.1\r\n" WEB_HOST "\r\n", 200, true, NULL)                                              \
	X("OPTIONS * HTTP/1.1\r\n" WEB_HOST "\r\n", 200, true, NULL)

static void persist(const char *request, int status, bool kept, const char *value)
{
	struct lab_answer a;
	struct lab_conn c;

	/* The second time it comes from memory, if it may. */
	for (int turn = 0; turn < 2; turn++) {
		lab_connect(&c, turn ? LAB_SERVER_V6 : LAB_SERVER_V4);
		lab_say(&c, "%s", request);
		web_expect(&c, &a, false, status, request);
		cr_expect_str_eq(lab_field(&a, "Connection") ?: "none", value ?: "none", "%s", request);
		lab_answer_free(&a);
		if (kept)
			web_expect_kept(&c, request);
		else
			web_expect_closed(&c, request);
		lab_hang_up(&c);
	}
}

Test(lab_69_http_connections, a_persistence)
{
	web_up(&lab, "");
#define X(request, status, kept, value) persist(request, status, kept, value);
	PERSISTENCE(X)
#undef X
	web_expect_calm(&lab, "connections kept and closed");
}

/* X(target, line of the gene echo's answer) */
#define TARGETS(X)                                                                                                     \
	X("/echo", "path=/echo\n")                                                                                     \
	X("/echo/a//b/./c/../d", "path=/echo/a/b/d\n")                                                                 \
	X("/echo/%41%20?q=%41", "path=/echo/A \n")                                                                     \
	X("/echo?q=%41", "query=q=%41\n")                                                                              \
	X("http://other:81/echo?x", "host=other:81\n")                                                                 \
	X("http://other/echo?x", "target=/echo?x\n")                                                                   \
	X("HTTPS://other/echo", "path=/echo\n")

Test(lab_69_http_connections, b_targets)
{
	struct lab_answer a;
	struct lab_conn c;

	web_up(&lab, "");
	lab_connect(&c, LAB_SERVER_V4);
#define X(target, line)                                                                                                \
	lab_say(&c, "GET %s HTTP/1.1\r\n" WEB_HOST "\r\n", target);                                                    \
	web_expect(&c, &a, false, 200, target);                                                                        \
	cr_expect(strstr(a.body, line), "%s: %s", target, a.body);                                                     \
	lab_answer_free(&a);
	TARGETS(X)
#undef X
	lab_hang_up(&c);
	web_expect_calm(&lab, "targets");
}

/* X(target, bytes of the answer's body) */
#define ENDED(X)                                                                                                       \
	X("/small", 6)                                                                                                 \
	X("/hello", 13)                                                                                                \
	X("/sleep", 13)                                                                                                \
	X("/big", WEB_BIG)                                                                                             \
	X("/pull?length=3000000&unknown=1", 3000000)

/* A client that says no more still wants its answer. */
Test(lab_69_http_connections, c_half_close)
{
	struct lab_answer a;
	struct lab_conn c;

	web_up(&lab, "");
#define X(target, bytes)                                                                                               \
	lab_connect(&c, LAB_SERVER_V4);                                                                                \
	lab_say(&c, "GET %s HTTP/1.1\r\n" WEB_HOST "\r\n", target);                                                    \
	web_half_close(&c);                                                                                            \
	web_expect(&c, &a, false, 200, target);                                                                        \
	cr_expect_eq(a.body_n, bytes, "%s: %zu bytes", target, a.body_n);                                              \
	lab_answer_free(&a);                                                                                           \
	web_expect_closed(&c, target);                                                                                 \
	lab_hang_up(&c);
	ENDED(X)
#undef X
	lab_connect(&c, LAB_SERVER_V4);
	for (int i = 0; i < 30; i++)
		lab_say(&c, "GET %s HTTP/1.1\r\n" WEB_HOST "\r\n", i % 10 == 5 ? "/hello" : "/small");
	web_half_close(&c);
	for (int i = 0; i < 30; i++) {
		web_expect(&c, &a, false, 200, "a pipeline with its end behind it");
		lab_answer_free(&a);
	}
	web_expect_closed(&c, "a pipeline with its end behind it");
	lab_hang_up(&c);
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET /sma");
	web_half_close(&c);
	web_expect_closed(&c, "half a head");
	lab_hang_up(&c);
	web_expect_calm(&lab, "half-closed connections");
}

/* X(what comes before the reset) */
#define PHASES(X)                                                                                                      \
	X("")                                                                                                          \
	X("GET /sma")                                                                                                  \
	X("GET /small HTTP/1.1\r\n" WEB_HOST "\r\n")                                                                   \
	X("GET /hello HTTP/1.1\r\n" WEB_HOST "\r\n")                                                                   \
	X("GET /sleep HTTP/1.1\r\n" WEB_HOST "\r\n")                                                                   \
	X("GET /file HTTP/1.1\r\n" WEB_HOST "\r\n")                                                                    \
	X("GET /big HTTP/1.1\r\n" WEB_HOST "\r\n")                                                                     \
	X("GET /pull?length=9000000 HTTP/1.1\r\n" WEB_HOST "\r\n")                                                     \
	X("GET /pull?length=9000000&unknown=1 HTTP/1.1\r\n" WEB_HOST "\r\n")                                           \
	X("POST /echo HTTP/1.1\r\n" WEB_HOST "Content-Length: 9000\r\n\r\nabc")                                        \
	X("POST /echo HTTP/1.1\r\n" WEB_HOST "Content-Length: 200000\r\n\r\nabc")                                      \
	X("JUNK\n\nmore junk")

static void reset_after(const char *bytes, long ns)
{
	struct timespec wait = {.tv_nsec = ns};
	struct lab_conn c;

	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "%s", bytes);
	nanosleep(&wait, NULL);
	web_reset(&c);
}

Test(lab_69_http_connections, d_resets)
{
	struct lab_answer a;

	web_up(&lab, "");
#define X(bytes)                                                                                                       \
	for (int i = 0; i < 8; i++)                                                                                    \
		reset_after(bytes, i *i * 100000L);
	PHASES(X)
#undef X
	/* Answers for many clients that are gone must not stand in the way of others. */
	for (int i = 0; i < 1000; i++)
		reset_after("GET /file HTTP/1.1\r\n" WEB_HOST "\r\n", 0);
	cr_expect_eq(web_ask(&a, false, "GET /pull?tell=1 HTTP/1.0\r\n\r\n", 30), 200);
	cr_expect_str_eq(a.body, "open=0\n", "streams are left in the drone");
	lab_answer_free(&a);
	web_expect_calm(&lab, "resets");
}

static time_t date_of(const char *target)
{
	struct tm tm = {0};
	struct lab_answer a;
	const char *rest;

	lab_get(LAB_SERVER_V4, target, &a);
	rest = strptime(lab_field(&a, "Date") ?: "", "%a, %d %b %Y %H:%M:%S GMT", &tm);
	cr_expect(rest && !*rest, "%s: Date: %s", target, lab_field(&a, "Date"));
	lab_answer_free(&a);
	return timegm(&tm);
}

/* Also that of answers from memory and of refusals. */
Test(lab_69_http_connections, e_date)
{
	static const char *const targets[] = {"/small", "/hello", "/nothing", "/%zz"};
	struct timespec wait = {.tv_sec = 2};
	time_t first[4];

	web_up(&lab, "");
	for (int i = 0; i < 4; i++) {
		first[i] = date_of(targets[i]);
		cr_expect(labs(first[i] - time(NULL)) <= 2, "%s: %ld s from now", targets[i], first[i] - time(NULL));
	}
	nanosleep(&wait, NULL);
	for (int i = 0; i < 4; i++)
		cr_expect_gt(date_of(targets[i]), first[i], "%s: the date stands still", targets[i]);
	web_expect_calm(&lab, "dates");
}
