/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What genes answer: bytes, files, pieces of known and unknown length; and what they try that they must not. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "web.h"

LAB_SUITE(lab_68_http_genes, 60);

static struct lab_conn conn;

/* One request on the connection in hand, without a body. */
static void ask(struct lab_answer *a, const char *method, const char *target, const char *version, int status)
{
	lab_say(&conn, "%s %s HTTP/%s\r\n" WEB_HOST "\r\n", method, target, version);
	web_expect(&conn, a, !strcmp(method, "HEAD"), status, target);
}

static void field_is(const struct lab_answer *a, const char *name, const char *value)
{
	const char *has = lab_field(a, name);

	cr_expect_str_eq(has ?: "none", value ?: "none", "%s", name);
}

static void pulled(size_t n, bool unknown, const char *version, size_t piece)
{
	bool old = !strcmp(version, "1.0");
	char target[120], number[24];
	struct lab_answer a;

	snprintf(target, sizeof(target), "/pull?length=%zu&unknown=%d&piece=%zu", n, unknown, piece);
	snprintf(number, sizeof(number), "%zu", n);
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", target, version, 200);
	cr_expect(a.body_n == n && web_bytes_are(a.body, n), "%s in %s: %zu bytes", target, version, a.body_n);
	field_is(&a, "Transfer-Encoding", unknown && !old ? "chunked" : NULL);
	field_is(&a, "Content-Length", unknown ? NULL : number);
	lab_answer_free(&a);
	if (old)
		web_expect_closed(&conn, target);
	else
		web_expect_kept(&conn, target);
	lab_hang_up(&conn);
}

Test(lab_68_http_genes, a_pulled_in_pieces)
{
	static const size_t sizes[] = {0, 1, 49151, 49152, 49153, 65536, 500000};

	web_up(&lab, "");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		pulled(sizes[i], false, "1.1", 1 << 20);
		pulled(sizes[i], true, "1.1", 1 << 20);
		pulled(sizes[i], true, "1.1", 1000);
		pulled(sizes[i], false, "1.0", 30000);
		pulled(sizes[i], true, "1.0", 30000);
	}
	web_expect_calm(&lab, "pulled answers");
}

/* A stream that fails is cut off, never ended as if it were whole. */
static void broken(const char *target)
{
	struct lab_answer a;

	lab_connect(&conn, LAB_SERVER_V4);
	lab_say(&conn, "GET %s HTTP/1.1\r\n" WEB_HOST "\r\n", target);
	lab_read(&conn, &a, false, LAB_SOON_S);
	cr_expect(a.status == 200 && !a.whole, "%s: %d, and it seems whole", target, a.status);
	lab_answer_free(&a);
	lab_hang_up(&conn);
}

Test(lab_68_http_genes, b_streams_that_fail)
{
	struct lab_answer a;

	web_up(&lab, "");
	broken("/pull?length=200000&break=100000");
	broken("/pull?length=200000&break=100000&unknown=1");
	broken("/pull?length=200000&short=100000");
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", "/pull?length=200000&break=0", "1.1", 502);
	lab_answer_free(&a);
	web_expect_closed(&conn, "a stream that never began");
	lab_hang_up(&conn);
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", "/pull?tell=1", "1.1", 200);
	cr_expect_str_eq(a.body, "open=0\n", "streams are left in the drone");
	lab_answer_free(&a);
	lab_hang_up(&conn);
	web_expect_calm(&lab, "failing streams");
}

/* X(target, Content-Length): HEAD tells what GET would, where it is known, and sends nothing. */
#define HEADS(X)                                                                                                       \
	X("/small", "6")                                                                                               \
	X("/mid", "40000")                                                                                             \
	X("/big", "20000000")                                                                                          \
	X("/hello", "13")                                                                                              \
	X("/file", "100000")                                                                                           \
	X("/pull?length=70000", "70000")                                                                               \
	X("/pull?length=70000&unknown=1", NULL)                                                                        \
	X("/bad?length=12345", "12345")                                                                                \
	X("/bad?length=-5", "0")                                                                                       \
	X("/bad?length=+5", "0")                                                                                       \
	X("/bad?length=5x", "0")                                                                                       \
	X("/bad?length=99999999999999999999", "0")

Test(lab_68_http_genes, c_head)
{
	struct lab_answer a;

	web_up(&lab, "");
	for (int turn = 0; turn < 2; turn++) {
		lab_connect(&conn, LAB_SERVER_V4);
#define X(target, length)                                                                                              \
	ask(&a, "HEAD", target, "1.1", 200);                                                                           \
	field_is(&a, "Content-Length", length);                                                                        \
	lab_answer_free(&a);                                                                                           \
	web_expect_kept(&conn, target);
		HEADS(X)
#undef X
		ask(&a, "HEAD", "/nothing", "1.1", 404);
		lab_answer_free(&a);
		web_expect_kept(&conn, "HEAD of nothing");
		lab_hang_up(&conn);
	}
	web_expect_calm(&lab, "HEAD");
}

/* The request before was a HEAD: what is refused after it has its body again. A HEAD that is refused has none. */
Test(lab_68_http_genes, d_head_and_refusals)
{
	struct lab_answer a;

	web_up(&lab, "timeouts { head = \"1s\" }");
	for (int late = 0; late < 2; late++) {
		lab_connect(&conn, LAB_SERVER_V4);
		ask(&a, "HEAD", "/small", "1.1", 200);
		lab_answer_free(&a);
		lab_say(&conn, late ? "GET /" : "JUNK\n\n");
		web_expect(&conn, &a, false, late ? 408 : 400, "something malformed after HEAD");
		lab_answer_free(&a);
		web_expect_closed(&conn, "something malformed after HEAD");
		lab_hang_up(&conn);
	}
	lab_connect(&conn, LAB_SERVER_V4);
	lab_say(&conn, "HEAD / HTTP/1.1\r\nX-No-Host: 1\r\n\r\n");
	web_expect(&conn, &a, true, 400, "a malformed HEAD");
	lab_answer_free(&a);
	web_expect_closed(&conn, "a malformed HEAD");
	lab_hang_up(&conn);
	web_expect_calm(&lab, "refusals around HEAD");
}

static void no_body(const char *target, int status)
{
	struct lab_answer a;

	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", target, "1.1", status);
	field_is(&a, "Content-Length", NULL);
	field_is(&a, "Transfer-Encoding", NULL);
	lab_answer_free(&a);
	web_expect_kept(&conn, target);
	lab_hang_up(&conn);
}

Test(lab_68_http_genes, e_status_and_body)
{
	static const int refused[] = {-1, 1, 99, 100, 101, 199, 600, 1000};
	struct lab_answer a;

	web_up(&lab, "");
	no_body("/bad?status=204", 204);
	no_body("/bad?status=304", 304);
	no_body("/file?status=204", 204);
	no_body("/pull?status=204", 204);
	no_body("/pull?status=304&unknown=1", 304);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		cr_expect_eq(web_status("GET /bad?status=%d HTTP/1.1\r\n" WEB_HOST "\r\n", refused[i]), 500, "%d",
			refused[i]);
	cr_expect_eq(web_status("GET /pull?status=1000 HTTP/1.1\r\n" WEB_HOST "\r\n"), 500);
	cr_expect_eq(web_status("GET /file?status=1000 HTTP/1.1\r\n" WEB_HOST "\r\n"), 500);
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", "/bad?status=599", "1.1", 599);
	lab_answer_free(&a);
	ask(&a, "GET", "/pull?tell=1", "1.1", 200);
	cr_expect_str_eq(a.body, "open=0\n", "streams are left in the drone");
	lab_answer_free(&a);
	lab_hang_up(&conn);
	web_expect_calm(&lab, "odd statuses");
}

Test(lab_68_http_genes, f_forbidden_headers)
{
	struct lab_answer a;
	int many;

	web_up(&lab, "");
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", "/bad?inject", "1.1", 200);
	cr_expect_str_eq(a.body, "taken 0\n");
	field_is(&a, "X-Good", "yes");
	field_is(&a, "X-Injected", NULL);
	lab_answer_free(&a);
	ask(&a, "GET", "/bad?many", "1.1", 200);
	cr_expect(
		a.head_n < 9000 && sscanf(a.body, "headers %d", &many) == 1 && many > 100, "%zu: %s", a.head_n, a.body);
	lab_answer_free(&a);
	ask(&a, "GET", "/bad?length=3", "1.1", 200);
	field_is(&a, "X-Said", "refused");
	lab_answer_free(&a);
	ask(&a, "GET", "/bad?full", "1.1", 200);
	cr_expect(a.body_n == 49152 && web_bytes_are(a.body, a.body_n));
	lab_answer_free(&a);
	web_expect_kept(&conn, "refused headers");
	lab_hang_up(&conn);
	web_expect_calm(&lab, "forbidden headers");
}

Test(lab_68_http_genes, g_failing_and_lying)
{
	web_up(&lab, "");
	cr_expect_eq(web_status("GET /bad?error HTTP/1.1\r\n" WEB_HOST "\r\n"), 500);
	cr_expect_eq(web_status("GET /bad?file HTTP/1.1\r\n" WEB_HOST "\r\n"), 500);
	cr_expect_eq(web_status("GET /bad?pull HTTP/1.1\r\n" WEB_HOST "\r\n"), 500);
	cr_expect_eq(web_status("GET /bad?unheard-of HTTP/1.1\r\n" WEB_HOST "\r\n"), 500);
	broken("/file?length=200000");
	broken("/file?at=200000&length=10");
	cr_expect_eq(web_status("GET /file?at=18446744073709551000&length=10 HTTP/1.1\r\n" WEB_HOST "\r\n"), 500);
	web_expect_calm(&lab, "genes that fail");
}

Test(lab_68_http_genes, h_files)
{
	char *name = NULL;
	static char bytes[WEB_FILE];
	struct lab_answer a;
	FILE *f;

	web_up(&lab, "");
	cr_assert_gt(asprintf(&name, "%s/hundred", lab.root), 0);
	f = fopen(name, "re");
	cr_assert(f && fread(bytes, 1, sizeof(bytes), f) == sizeof(bytes));
	fclose(f);
	free(name);
	lab_connect(&conn, LAB_SERVER_V4);
	ask(&a, "GET", "/file", "1.1", 200);
	cr_expect(a.body_n == WEB_FILE && !memcmp(a.body, bytes, WEB_FILE));
	lab_answer_free(&a);
	ask(&a, "GET", "/file?at=50000&length=49000", "1.1", 200);
	cr_expect(a.body_n == 49000 && !memcmp(a.body, bytes + 50000, 49000));
	lab_answer_free(&a);
	ask(&a, "GET", "/file?length=0", "1.1", 200);
	cr_expect_eq(a.body_n, 0);
	lab_answer_free(&a);
	web_expect_kept(&conn, "files");
	lab_hang_up(&conn);
	web_expect_calm(&lab, "files");
}
