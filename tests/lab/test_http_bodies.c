/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Request bodies: of every length around the buffers' sizes, by length and in chunks, waited for, refused early. */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "web.h"

LAB_SUITE(lab_67_http_bodies, 60);

#define POST	 "POST /echo HTTP/1.1\r\n" WEB_HOST
#define EXPECTED POST "Expect: 100-continue\r\n"
#define BODY_MAX 1000000

static const size_t sizes[] = {0, 1, 500, 5000, 49152, 60000, 65535, 65536, 65537, 131072, 200000, BODY_MAX};
#define SIZES (sizeof(sizes) / sizeof(*sizes))

/* What a thread sends while the test reads: a server that answers early must not make both wait for each other. */
struct sending {
	struct lab_conn *c;
	char *bytes;
	size_t n;
	pthread_t thread;
};

static void *send_all(void *arg)
{
	struct sending *s = arg;

	lab_send(s->c, s->bytes, s->n);
	return NULL;
}

/* The bytes of a request: chunk 0: by length; else in chunks of that size, with extensions and trailers. */
static void write_request(struct sending *s, const char *target, const char *body, size_t n, size_t chunk)
{
	size_t room = n + (chunk ? n / chunk * 40 : 0) + 1000;

	s->bytes = malloc(room);
	cr_assert_not_null(s->bytes);
	s->n = (size_t)snprintf(s->bytes, room, "POST %s HTTP/1.1\r\n" WEB_HOST, target);
	if (!chunk) {
		s->n += (size_t)snprintf(s->bytes + s->n, room - s->n, "Content-Length: %zu\r\n\r\n", n);
		memcpy(s->bytes + s->n, body, n);
		s->n += n;
		return;
	}
	s->n += (size_t)snprintf(s->bytes + s->n, room - s->n, "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0, part; at < n; at += part) {
		part = n - at < chunk ? n - at : chunk;
		s->n += (size_t)snprintf(s->bytes + s->n, room - s->n, "%zX;name=\"value\"\r\n", part);
		memcpy(s->bytes + s->n, body + at, part);
		s->n += part;
		memcpy(s->bytes + s->n, "\r\n", 2);
		s->n += 2;
	}
	s->n += (size_t)snprintf(s->bytes + s->n, room - s->n, "0\r\nX-One: 1\r\nX-Two: 2\r\n\r\n");
}

static void ask_with(const char *target, const char *body, size_t n, size_t chunk, struct lab_answer *a)
{
	struct lab_conn c;
	struct sending s = {.c = &c};
	char what[80];

	snprintf(what, sizeof(what), "%s with %zu bytes, chunks of %zu", target, n, chunk);
	write_request(&s, target, body, n, chunk);
	lab_connect(&c, LAB_SERVER_V4);
	cr_assert_eq(pthread_create(&s.thread, NULL, send_all, &s), 0);
	web_expect(&c, a, false, 200, what);
	pthread_join(s.thread, NULL);
	web_expect_kept(&c, what);
	lab_hang_up(&c);
	free(s.bytes);
}

Test(lab_67_http_bodies, a_arrive_and_come_back)
{
	static const size_t chunks[] = {0, 1000, 65536, 100000};
	char *body = web_bytes(BODY_MAX);
	struct lab_answer a;

	web_up(&lab, "");
	for (size_t i = 0; i < SIZES * 4; i++) {
		size_t n = sizes[i / 4], chunk = chunks[i % 4];
		char mark[80];

		ask_with("/echo", body, n, chunk, &a);
		snprintf(
			mark, sizeof(mark), "length=%zu\ndigest=%016llx\n", n, (unsigned long long)web_digest(body, n));
		cr_expect(a.body && strstr(a.body, mark), "of %zu bytes in chunks of %zu came: %s", n, chunk, a.body);
		lab_answer_free(&a);
		ask_with("/echo?body", body, n, chunk, &a);
		cr_expect(a.body_n == n && !memcmp(a.body, body, n), "of %zu bytes %zu came back, not the same", n,
			a.body_n);
		lab_answer_free(&a);
	}
	ask_with("/echo", body, 5000, 1, &a);
	lab_answer_free(&a);
	free(body);
	web_expect_calm(&lab, "bodies");
}

/* A body is larger than the socket's buffers and its sender has ended: the end must not overtake the body. */
Test(lab_67_http_bodies, b_half_closed_behind)
{
	char *body = web_bytes(400000);
	struct lab_answer a;
	struct lab_conn c;

	web_up(&lab, "");
	for (int i = 0; i < 60; i++) {
		size_t n = sizes[6 + i % 5];

		lab_connect(&c, LAB_SERVER_V4);
		lab_say(&c, POST "Content-Length: %zu\r\n\r\n", n);
		lab_send(&c, body, n);
		web_half_close(&c);
		web_expect(&c, &a, false, 200, "an upload with its end behind it");
		lab_answer_free(&a);
		web_expect_closed(&c, "a half-closed connection");
		lab_hang_up(&c);
	}
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, POST "Content-Length: 20\r\n\r\nabc");
	web_half_close(&c);
	web_expect_closed(&c, "half a body");
	lab_hang_up(&c);
	free(body);
	web_expect_calm(&lab, "half-closed uploads");
}

/* More at once than drones, of all sizes; each gets its own back. */
Test(lab_67_http_bodies, c_many_at_once)
{
	static struct lab_conn c[2 * SIZES];
	struct sending s[2 * SIZES];
	char *body = web_bytes(BODY_MAX);
	struct lab_answer a;

	web_up(&lab, "");
	for (size_t i = 0; i < 2 * SIZES; i++) {
		s[i].c = &c[i];
		write_request(&s[i], "/echo?body", body, sizes[i / 2], i % 2 ? 777 : 0);
		lab_connect(&c[i], LAB_SERVER_V4);
		cr_assert_eq(pthread_create(&s[i].thread, NULL, send_all, &s[i]), 0);
	}
	for (size_t i = 0; i < 2 * SIZES; i++) {
		web_expect(&c[i], &a, false, 200, "one of many uploads");
		cr_expect(a.body_n == sizes[i / 2] && web_bytes_are(a.body, a.body_n), "of %zu bytes %zu came back",
			sizes[i / 2], a.body_n);
		lab_answer_free(&a);
		pthread_join(s[i].thread, NULL);
		free(s[i].bytes);
		lab_hang_up(&c[i]);
	}
	free(body);
	web_expect_calm(&lab, "many uploads");
}

/* X(head, interim answer, body sent then, final answer) */
#define EXPECTATIONS(X)                                                                                                \
	X(EXPECTED "Content-Length: 5\r\n\r\n", 100, "abcde", 200)                                                     \
	X(EXPECTED "Transfer-Encoding: chunked\r\n\r\n", 100, "1\r\na\r\n0\r\n\r\n", 200)                              \
	X(EXPECTED "Content-Length: 5\r\n\r\nabcde", 0, "", 200)                                                       \
	X(EXPECTED "Content-Length: 5\r\n\r\nab", 0, "cde", 200)                                                       \
	X(EXPECTED "Content-Length: 0\r\n\r\n", 0, "", 200)                                                            \
	X("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", 0, "abcde", 200)                 \
	X("POST /small HTTP/1.1\r\n" WEB_HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 100, "abcde", 405)  \
	X(EXPECTED "Content-Length: 5000000\r\n\r\n", 0, "", 413)                                                      \
	X("POST /%zz HTTP/1.1\r\n" WEB_HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 0, "", 400)

static void expect_continue(const char *head, int interim, const char *body, int status)
{
	struct lab_answer a;
	struct lab_conn c;

	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "%s", head);
	if (interim) {
		web_expect(&c, &a, false, interim, head);
		cr_expect_eq(
			a.head_n, strlen("HTTP/1.1 100 Continue\r\n\r\n"), "fields in an interim answer: %s", a.bytes);
		lab_answer_free(&a);
	} else if (*body) {
		struct pollfd p = {.fd = c.fd, .events = POLLIN};

		cr_expect_eq(poll(&p, 1, 200), 0, "an answer nobody waits for: %s", head);
	}
	lab_say(&c, "%s", body);
	web_expect(&c, &a, false, status, head);
	if (status == 413 || status == 400)
		web_expect_closed(&c, "a body that was not sent");
	lab_answer_free(&a);
	lab_hang_up(&c);
}

Test(lab_67_http_bodies, d_expect_100_continue)
{
	web_up(&lab, "");
#define X(head, interim, body, status) expect_continue(head, interim, body, status);
	EXPECTATIONS(X)
#undef X
	web_expect_calm(&lab, "expectations");
}

/* The head fills the buffer but for trailers that do not end: the body's first part is empty, and nobody may spin over it. */
Test(lab_67_http_bodies, e_an_empty_first_part)
{
	char *filler = web_bytes(59800);
	struct lab_answer a;
	struct lab_conn c;

	web_up(&lab, "limits { head = 60000 }\n");
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, POST "Filler: %s\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: %.6000s", filler, filler);
	cr_expect(lab_number(&lab, "circulation.connections") == 1);
	lab_say(&c, "\r\n\r\n");
	web_expect(&c, &a, false, 200, "a body of nothing but trailers");
	cr_expect(strstr(a.body, "length=0\n"), "%s", a.body);
	lab_answer_free(&a);
	web_expect_kept(&c, "a body of nothing but trailers");
	lab_hang_up(&c);
	free(filler);
	web_expect_calm(&lab, "an empty first part");
}

Test(lab_67_http_bodies, f_too_long_in_chunks)
{
	char *body = web_bytes(BODY_MAX);
	struct lab_conn c;
	struct sending s = {.c = &c};
	struct lab_answer a;

	web_up(&lab, "limits { body = \"200K\" }\n");
	write_request(&s, "/echo", body, 400000, 50000);
	lab_connect(&c, LAB_SERVER_V4);
	cr_assert_eq(pthread_create(&s.thread, NULL, send_all, &s), 0);
	web_expect(&c, &a, false, 413, "chunks without end");
	cr_expect_str_eq(lab_field(&a, "Connection") ?: "", "close");
	pthread_join(s.thread, NULL);
	lab_answer_free(&a);
	lab_hang_up(&c);
	free(s.bytes);
	free(body);
	web_expect_calm(&lab, "chunks without end");
}
