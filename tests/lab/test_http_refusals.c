/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that are refused: each with its status; after ambiguous ones the connection ends and no byte behind is a request. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "web.h"

LAB_SUITE(lab_65_http_refusals, 60);

#define LIMITS	"limits { line = \"2K\" head = \"8K\" body = \"1M\" }\n"
#define GET	"GET /small HTTP/1.1\r\n" WEB_HOST
#define POST	"POST /echo HTTP/1.1\r\n" WEB_HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define NEXT	"GET /small HTTP/1.1\r\n" WEB_HOST "\r\n"

/* What two readers might frame or split differently, and what is no HTTP at all: 400 and the end. */
static const char *const ambiguous[][2] = {
	{"length and coding", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"coding and length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
	{"two lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"},
	{"the same length twice", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"},
	{"a list of lengths", POST "Content-Length: 5, 5\r\n\r\nabcde"},
	{"+5", POST "Content-Length: +5\r\n\r\nabcde"},
	{"-5", POST "Content-Length: -5\r\n\r\nabcde"},
	{"0x5", POST "Content-Length: 0x5\r\n\r\nabcde"},
	{"more than 64 bits", POST "Content-Length: 99999999999999999999\r\n\r\nabcde"},
	{"no length", POST "Content-Length: \r\n\r\nabcde"},
	{"chunked twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"an empty coding", POST "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"},
	{"a coding in 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"a vertical tab", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"},
	{"a bare LF", "GET / HTTP/1.1\n" WEB_HOST "\r\n"},
	{"a bare LF in a field", "GET / HTTP/1.1\r\nHost: a\n\r\n"},
	{"a bare CR", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"},
	{"a folded line", GET "X: a\r\n b\r\n\r\n"},
	{"a folded first line", "GET / HTTP/1.1\r\n X: a\r\n" WEB_HOST "\r\n"},
	{"a blank before the colon", GET "Content-Length : 5\r\n\r\nabcde"},
	{"no colon", GET "Xab\r\n\r\n"},
	{"no host", "GET / HTTP/1.1\r\n\r\n"},
	{"two hosts", GET WEB_HOST "\r\n"},
	{"a host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
	{"two blanks", "GET  / HTTP/1.1\r\n" WEB_HOST "\r\n"},
	{"http/1.1", "GET / http/1.1\r\n" WEB_HOST "\r\n"},
	{"HTTP/0.9", "GET /\r\n\r\n"},
	{"a fragment", "GET /#a HTTP/1.1\r\n" WEB_HOST "\r\n"},
	{"GET *", "GET * HTTP/1.1\r\n" WEB_HOST "\r\n"},
	{"another scheme", "GET ftp://a/ HTTP/1.1\r\n" WEB_HOST "\r\n"},
	{"TLS", "\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03"},
	{"two empty lines", "\r\n\r\n" NEXT},
	{"a chunk size of zz", CHUNKED "zz\r\n"},
	{"a chunk size of 0x5", CHUNKED "0x5\r\nabcde\r\n0\r\n\r\n"},
	{"a chunk size of -5", CHUNKED "-5\r\nabcde\r\n0\r\n\r\n"},
	{"a chunk size over 64 bits", CHUNKED "10000000000000005\r\nabcde\r\n0\r\n\r\n"},
	{"a chunk longer than said", CHUNKED "5\r\nabcdeXX0\r\n\r\n"},
	{"a chunk size that ends in LF", CHUNKED "5\nabcde\r\n0\r\n\r\n"},
	{"a blank before a chunk size", CHUNKED " 5\r\nabcde\r\n0\r\n\r\n"},
	{"a trailer with a blank", CHUNKED "0\r\nX y: a\r\n\r\n"},
	{"a folded trailer", CHUNKED "0\r\nX: a\r\n b\r\n\r\n"},
};

/* The answer is told to be the last, and is: nothing behind the request is answered. */
static void expect_the_end(const char *what, const void *bytes, size_t n, int status, const char *behind)
{
	struct lab_answer a;
	struct lab_conn c;

	lab_connect(&c, LAB_SERVER_V4);
	lab_send(&c, bytes, n);
	lab_say(&c, "%s", behind);
	web_expect(&c, &a, false, status, what);
	cr_expect_str_eq(lab_field(&a, "Connection") ?: "", "close", "%s", what);
	web_expect_closed(&c, what);
	lab_answer_free(&a);
	lab_hang_up(&c);
}

Test(lab_65_http_refusals, a_ambiguous)
{
	static const char nul[] = GET "X: a\0b\r\n\r\n";

	web_up(&lab, LIMITS);
	for (size_t i = 0; i < sizeof(ambiguous) / sizeof(*ambiguous); i++) {
		const char *what = ambiguous[i][0], *bytes = ambiguous[i][1];

		expect_the_end(what, bytes, strlen(bytes), 400, "");
		expect_the_end(what, bytes, strlen(bytes), 400, NEXT NEXT);
	}
	expect_the_end("NUL", nul, sizeof(nul) - 1, 400, NEXT);
	web_expect_calm(&lab, "ambiguous requests");
}

/* X(what, status, the request up to the part, the byte it is made of, how many, behind the part) */
#define TOO_LONG(X)                                                                                                    \
	X("line", 414, "GET /", 'a', 3000, " HTTP/1.1\r\n" WEB_HOST "\r\n")                                            \
	X("field", 431, GET "X: ", 'a', 9000, "\r\n\r\n")                                                              \
	X("chunk extension", 400, CHUNKED "5;", 'a', 2000, "\r\nabcde\r\n")                                            \
	X("trailer", 400, CHUNKED "0\r\nX: ", 'a', 9000, "\r\n\r\n")

Test(lab_65_http_refusals, b_too_long)
{
	char text[16384], many[8000] = GET;

	web_up(&lab, LIMITS);
#define X(what, status, before, byte, n, behind)                                                                       \
	memset(text, byte, sizeof(text));                                                                              \
	memcpy(text, before, sizeof(before) - 1);                                                                      \
	memcpy(text + sizeof(before) - 1 + (n), behind, sizeof(behind) - 1);                                           \
	expect_the_end(what, text, sizeof(before) + (n) + sizeof(behind) - 2, status, NEXT);
	TOO_LONG(X)
#undef X
	for (int i = 0; i < 100; i++)
		strcat(many, "X: a\r\n");
	strcat(many, "\r\n");
	expect_the_end("100 fields", many, strlen(many), 431, NEXT);
	expect_the_end("body", POST "Content-Length: 3000000\r\n\r\n",
		sizeof(POST "Content-Length: 3000000\r\n\r\n") - 1, 413, "abc");
	web_expect_calm(&lab, "requests that are too long");
}

/* X(what, status, the request): not known here; it may be framed in a way that is not known either. */
#define UNKNOWN(X)                                                                                                     \
	X("BREW", 501, "BREW / HTTP/1.1\r\n" WEB_HOST "\r\n")                                                          \
	X("CONNECT", 501, "CONNECT lab:80 HTTP/1.1\r\n" WEB_HOST "\r\n")                                               \
	X("HTTP/2.0", 505, "GET / HTTP/2.0\r\n" WEB_HOST "\r\n")                                                       \
	X("another expectation", 417, POST "Content-Length: 3\r\nExpect: tea\r\n\r\nabc")                              \
	X("another coding", 501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")

Test(lab_65_http_refusals, c_unknown)
{
	web_up(&lab, "");
#define X(what, status, bytes) expect_the_end(what, bytes, sizeof(bytes) - 1, status, NEXT);
	UNKNOWN(X)
#undef X
	web_expect_calm(&lab, "unknown requests");
}

/* X(status, Allow, the request): clear enough that the connection goes on. */
#define CLEAR(X)                                                                                                       \
	X(404, NULL, "GET /nothing HTTP/1.1\r\n" WEB_HOST "\r\n")                                                      \
	X(400, NULL, "GET /%zz HTTP/1.1\r\n" WEB_HOST "\r\n")                                                          \
	X(400, NULL, "GET /%00 HTTP/1.1\r\n" WEB_HOST "\r\n")                                                          \
	X(400, NULL, "GET /a%2fb HTTP/1.1\r\n" WEB_HOST "\r\n")                                                        \
	X(400, NULL, "GET /../x HTTP/1.1\r\n" WEB_HOST "\r\n")                                                         \
	X(400, NULL, "GET /a/%2e%2e/%2e%2e/x HTTP/1.1\r\n" WEB_HOST "\r\n")                                            \
	X(405, "GET, HEAD", "POST /small HTTP/1.1\r\n" WEB_HOST "Content-Length: 3\r\n\r\nabc")                        \
	X(405, "GET, HEAD", "DELETE /small HTTP/1.1\r\n" WEB_HOST "\r\n")                                              \
	X(405, "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH", "TRACE /small HTTP/1.1\r\n" WEB_HOST "\r\n")

Test(lab_65_http_refusals, d_the_connection_goes_on)
{
	struct lab_answer a;
	struct lab_conn c;

	web_up(&lab, "");
	lab_connect(&c, LAB_SERVER_V4);
#define X(status, allow, bytes)                                                                                        \
	lab_say(&c, "%s", bytes);                                                                                      \
	web_expect(&c, &a, false, status, bytes);                                                                      \
	cr_expect_str_eq(lab_field(&a, "Allow") ?: "", (const char *)allow ?: "");                                     \
	lab_answer_free(&a);                                                                                           \
	web_expect_kept(&c, bytes);
	CLEAR(X)
#undef X
	lab_hang_up(&c);
	web_expect_calm(&lab, "clear refusals");
}

/*
 * All the client has to say, and its end, are there before the server looks: what it leaves unread must not make the
 * kernel send a reset, which may throw the answer away before it is read.
 */
Test(lab_65_http_refusals, e_no_reset_follows_the_answer)
{
	char *body = web_bytes(20000);
	struct lab_answer a;
	struct timespec wait = {.tv_nsec = 20000000};
	struct lab_conn c;
	pid_t blood;

	web_up(&lab, LIMITS);
	blood = lab_pid(&lab, "blood");
	for (int i = 0; i < 20; i++) {
		kill(blood, SIGSTOP);
		lab_connect(&c, LAB_SERVER_V4);
		lab_say(&c, "POST /echo HTTP/1.1\r\n" WEB_HOST "Content-Length: %s\r\n\r\n", i % 2 ? "5x" : "3000000");
		lab_send(&c, body, 20000);
		web_half_close(&c);
		kill(blood, SIGCONT);
		nanosleep(&wait, NULL);
		web_expect(&c, &a, false, i % 2 ? 400 : 413, "a body that is not wanted");
		web_expect_closed(&c, "a body that is not wanted");
		lab_answer_free(&a);
		lab_hang_up(&c);
	}
	free(body);
	web_expect_calm(&lab, "unwanted bodies");
}
