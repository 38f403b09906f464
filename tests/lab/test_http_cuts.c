/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* In which pieces requests come does not matter: cut at every byte, and many in one piece, answered in order. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "web.h"

LAB_SUITE(lab_66_http_cuts, 60);

#define ROUNDS	 24
#define PIPE_MAX 100

struct ask {
	bool head_only;
	const char *bytes;
};

static const struct ask asks[] = {
	{false, "GET /small HTTP/1.1\r\n" WEB_HOST "\r\n"},
	{false, "GET /echo/%41?b=c HTTP/1.1\r\n" WEB_HOST "X-A: b\r\n\r\n"},
	{false, "POST /echo HTTP/1.1\r\n" WEB_HOST "Content-Length: 11\r\n\r\nhello world"},
	{false, "POST /echo HTTP/1.1\r\n" WEB_HOST "Transfer-Encoding: chunked\r\n\r\n"
		"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n"},
	{true, "HEAD /small HTTP/1.1\r\n" WEB_HOST "\r\n"},
	{false, "GET /nothing HTTP/1.1\r\n" WEB_HOST "\r\n"},
	{false, "GET http://h/echo?z HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
	{false, "GET / HTTP/1.1\r\n" WEB_HOST "X : b\r\n\r\n"},
	{false, "POST /echo HTTP/1.1\r\n" WEB_HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX"},
};
#define ASKS (sizeof(asks) / sizeof(*asks))

static void rest(void)
{
	struct timespec t = {.tv_nsec = 500000};

	nanosleep(&t, NULL);
}

/* Alike but for the date. */
static void expect_same(const struct lab_answer *a, const struct lab_answer *b, const char *what, size_t cut)
{
	char *date_a = strstr(a->bytes, "Date: "), *date_b = strstr(b->bytes, "Date: ");
	size_t n = a->head_n + a->body_n;

	cr_expect(a->status && a->whole == b->whole && n == b->head_n + b->body_n, "%.20s cut at %zu: %d, then %d",
		what, cut, a->status, b->status);
	if (!date_a || !date_b || n != b->head_n + b->body_n)
		return;
	memset(date_a, '*', 35);
	memset(date_b, '*', 35);
	cr_expect_arr_eq(a->bytes, b->bytes, n, "%.20s cut at %zu", what, cut);
}

static void cut_everywhere(const struct ask *q)
{
	size_t n = strlen(q->bytes);
	struct lab_answer whole, a;
	struct lab_conn c;

	web_ask(&whole, q->head_only, q->bytes, n);
	for (size_t at = 1; at < n; at++) {
		lab_connect(&c, LAB_SERVER_V4);
		lab_send(&c, q->bytes, at);
		rest();
		lab_send(&c, q->bytes + at, n - at);
		lab_read(&c, &a, q->head_only, LAB_SOON_S);
		expect_same(&whole, &a, q->bytes, at);
		lab_answer_free(&a);
		lab_hang_up(&c);
	}
	lab_answer_free(&whole);
}

Test(lab_66_http_cuts, a_at_every_byte)
{
	web_up(&lab, "");
	for (size_t i = 0; i < ASKS; i++)
		cut_everywhere(&asks[i]);
	web_expect_calm(&lab, "requests in two pieces");
}

Test(lab_66_http_cuts, b_one_byte_a_piece)
{
	struct lab_answer whole, a;
	struct lab_conn c;

	web_up(&lab, "");
	for (size_t i = 0; i < ASKS; i++) {
		web_ask(&whole, asks[i].head_only, asks[i].bytes, strlen(asks[i].bytes));
		lab_connect(&c, LAB_SERVER_V6);
		for (const char *p = asks[i].bytes; *p; p++) {
			lab_send(&c, p, 1);
			if (!((p - asks[i].bytes) % 7))
				rest();
		}
		lab_read(&c, &a, asks[i].head_only, LAB_SOON_S);
		expect_same(&whole, &a, asks[i].bytes, 1);
		lab_answer_free(&whole);
		lab_answer_free(&a);
		lab_hang_up(&c);
	}
	web_expect_calm(&lab, "requests byte by byte");
}

/* X(kind, status, HEAD): what stands in a pipeline; number k is in every target that is a gene's. */
#define KINDS(X)                                                                                                       \
	X(FROM_MEMORY, 200, 0)                                                                                         \
	X(GENE, 200, 0)                                                                                                \
	X(HEAD_OF_FILE, 200, 1)                                                                                        \
	X(POSTED, 200, 0)                                                                                              \
	X(CHUNKED, 200, 0)                                                                                             \
	X(NOT_FOUND, 404, 0)                                                                                           \
	X(NOT_ALLOWED, 405, 0)                                                                                         \
	X(PULLED, 200, 0)                                                                                              \
	X(SENT_FILE, 200, 0)

enum kind {
#define X(kind, status, head) kind,
	KINDS(X)
#undef X
		KINDS_COUNT
};

static const struct {
	int status;
	bool head;
} kinds[] = {
#define X(kind, status, head) [kind] = {status, head},
	KINDS(X)
#undef X
};

static int write_ask(char *to, size_t room, enum kind kind, unsigned k)
{
	switch (kind) {
	case GENE:
		return snprintf(to, room, "GET /echo?n=%u HTTP/1.1\r\n" WEB_HOST "\r\n", k);
	case HEAD_OF_FILE:
		return snprintf(to, room, "HEAD /mid HTTP/1.1\r\n" WEB_HOST "\r\n");
	case POSTED:
		return snprintf(to, room, "POST /echo?n=%u HTTP/1.1\r\n" WEB_HOST "Content-Length: 6\r\n\r\nGET / ", k);
	case CHUNKED:
		return snprintf(to, room,
			"POST /echo?n=%u HTTP/1.1\r\n" WEB_HOST "Transfer-Encoding: chunked\r\n\r\n"
			"4;x\r\nGET \r\n2\r\n/ \r\n0\r\nX-T: y\r\n\r\n",
			k);
	case NOT_FOUND:
		return snprintf(to, room, "GET /nothing%u HTTP/1.1\r\n" WEB_HOST "\r\n", k);
	case NOT_ALLOWED:
		return snprintf(to, room, "PUT /small HTTP/1.1\r\n" WEB_HOST "Content-Length: 4\r\n\r\nGET ");
	case PULLED:
		return snprintf(to, room, "GET /pull?length=70000&unknown=1 HTTP/1.1\r\n" WEB_HOST "\r\n");
	case SENT_FILE:
		return snprintf(to, room, "GET /file?at=40000 HTTP/1.1\r\n" WEB_HOST "\r\n");
	default:
		return snprintf(to, room, "GET /small HTTP/1.1\r\n" WEB_HOST "\r\n");
	}
}

static void expect_kind(const struct lab_answer *a, enum kind kind, unsigned k)
{
	char mark[64];

	switch (kind) {
	case POSTED:
	case CHUNKED:
		snprintf(mark, sizeof(mark), "digest=%016llx\n", (unsigned long long)web_digest("GET / ", 6));
		cr_expect(strstr(a->body, mark), "number %u: another body came", k);
		__attribute__((fallthrough));
	case GENE:
		snprintf(mark, sizeof(mark), "query=n=%u\n", k);
		cr_expect(strstr(a->body, mark), "number %u: another's answer: %.80s", k, a->body);
		break;
	case PULLED:
		cr_expect(a->body_n == 70000 && web_bytes_are(a->body, 70000), "number %u: %zu bytes pulled", k,
			a->body_n);
		break;
	case SENT_FILE:
		cr_expect_eq(a->body_n, WEB_FILE - 40000, "number %u: %zu bytes of a file", k, a->body_n);
		break;
	default:
		break;
	}
}

/* Sends all in pieces of at most `piece` bytes, then reads all answers. */
static void pipeline(unsigned count, unsigned piece)
{
	static char bytes[PIPE_MAX * 256];
	enum kind kind[PIPE_MAX];
	struct lab_answer a;
	struct lab_conn c;
	size_t n = 0;

	for (unsigned k = 0; k < count; k++) {
		kind[k] = (enum kind)(rand() % KINDS_COUNT);
		n += (size_t)write_ask(bytes + n, sizeof(bytes) - n, kind[k], k);
	}
	lab_connect(&c, LAB_SERVER_V4);
	for (size_t at = 0, part; at < n; at += part) {
		part = piece ? 1 + (size_t)rand() % piece : n;
		part = part < n - at ? part : n - at;
		lab_send(&c, bytes + at, part);
		if (piece)
			rest();
	}
	for (unsigned k = 0; k < count; k++) {
		char what[40];

		snprintf(what, sizeof(what), "number %u of %u", k, count);
		web_expect(&c, &a, kinds[kind[k]].head, kinds[kind[k]].status, what);
		expect_kind(&a, kind[k], k);
		lab_answer_free(&a);
	}
	web_expect_kept(&c, "a pipeline");
	lab_hang_up(&c);
}

Test(lab_66_http_cuts, c_pipelines)
{
	static const unsigned count[] = {1, 2, 3, 5, 10, 20, 50, PIPE_MAX}, piece[] = {0, 1400, 200};

	web_up(&lab, "");
	srand(1);
	for (unsigned i = 0; i < ROUNDS; i++)
		pipeline(count[i % 8], piece[i % 3]);
	web_expect_calm(&lab, "pipelines");
}
