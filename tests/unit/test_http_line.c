/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of the request line: method, target, version. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/parse.h"

/* Parses line CRLF "Host: h" CRLF CRLF; the head stays in *head. */
static int parse_line(const char *line, char head[512], struct http_request *r)
{
	int n = snprintf(head, 512, "%s\r\nHost: h\r\n\r\n", line);

	return http_head_parse(head, (size_t)n, r);
}

static bool line_span_is(const char *head, struct http_span s, const char *text)
{
	return s.n == strlen(text) && memcmp(head + s.at, text, s.n) == 0;
}

Test(http_12_line, a_minimal_get)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_request r;

	memset(&r, 0xa5, sizeof(r));
	cr_assert_eq(http_head_parse(head, sizeof(head) - 1, &r), 0);
	cr_expect_eq(r.method, HTTP_GET);
	cr_expect_eq(r.minor, 1);
	cr_expect(r.keep_alive);
	cr_expect_not(r.expect_continue || r.chunked || r.asterisk || r.has_length);
	cr_expect_eq(r.traits, 0);
	cr_expect_eq(r.content_length, 0);
	cr_expect(line_span_is(head, r.method_text, "GET"));
	cr_expect(line_span_is(head, r.target, "/"));
	cr_expect(line_span_is(head, r.path, "/"));
	cr_expect(line_span_is(head, r.query, ""));
	cr_expect(line_span_is(head, r.host, "a"));
	cr_expect_eq(r.head_bytes, sizeof(head) - 1);
	cr_assert_eq(r.header_count, 1);
	cr_expect(line_span_is(head, r.headers[0].name, "Host"));
	cr_expect(line_span_is(head, r.headers[0].value, "a"));
}

Test(http_12_line, b_a_leading_empty_line_is_skipped_once)
{
	static const char one[] = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
			  two[] = "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_request r;

	cr_assert_eq(http_head_parse(one, sizeof(one) - 1, &r), 0);
	cr_expect(line_span_is(one, r.method_text, "GET"));
	cr_expect_eq(r.head_bytes, sizeof(one) - 1);
	cr_expect_eq(http_head_parse(two, sizeof(two) - 1, &r), 400);
}

static const struct {
	const char *line;
	int status, method;
} method_cases[] = {
	{"GET / HTTP/1.1", 0, HTTP_GET},
	{"HEAD / HTTP/1.1", 0, HTTP_HEAD},
	{"POST / HTTP/1.1", 0, HTTP_POST},
	{"PUT / HTTP/1.1", 0, HTTP_PUT},
	{"DELETE / HTTP/1.1", 0, HTTP_DELETE},
	{"OPTIONS / HTTP/1.1", 0, HTTP_OPTIONS},
	{"PATCH / HTTP/1.1", 0, HTTP_PATCH},
	{"TRACE / HTTP/1.1", 0, HTTP_TRACE},
	{"CONNECT a:443 HTTP/1.1", 501, 0},
	{"CONNECT / HTTP/1.1", 501, 0},
	{"get / HTTP/1.1", 501, 0},
	{"Get / HTTP/1.1", 501, 0},
	{"GETS / HTTP/1.1", 501, 0},
	{"GE / HTTP/1.1", 501, 0},
	{"BREW / HTTP/1.1", 501, 0},
	{"M-SEARCH * HTTP/1.1", 501, 0},
	{"!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", 501, 0},
	{"G(T / HTTP/1.1", 400, 0},
	{"GET: / HTTP/1.1", 400, 0},
	{"G\x80T / HTTP/1.1", 400, 0},
	{"GET\t/ HTTP/1.1", 400, 0},
	{"/ HTTP/1.1", 400, 0},
	{" / HTTP/1.1", 400, 0},
	{"", 400, 0},
};

Test(http_12_line, c_methods)
{
	struct http_request r;
	char head[512];

	for (size_t i = 0; i < sizeof(method_cases) / sizeof(method_cases[0]); i++) {
		int status = parse_line(method_cases[i].line, head, &r);

		cr_expect_eq(status, method_cases[i].status, "%d, not %d: %s", status, method_cases[i].status,
			method_cases[i].line);
		if (status == 0)
			cr_expect_eq(r.method, method_cases[i].method, "%s", method_cases[i].line);
	}
}

static const struct {
	const char *line;
	int status, minor;
} version_cases[] = {
	{"GET / HTTP/1.1", 0, 1},
	{"GET / HTTP/1.0", 0, 0},
	{"GET / HTTP/1.2", 0, 1},
	{"GET / HTTP/1.9", 0, 1},
	{"GET / HTTP/2.0", 505, 0},
	{"GET / HTTP/0.9", 505, 0},
	{"GET / HTTP/3.1", 505, 0},
	{"PRI * HTTP/2.0", 505, 0},
	{"GET / HTTP/1.10", 400, 0},
	{"GET / HTTP/11.1", 400, 0},
	{"GET / HTTP/1", 400, 0},
	{"GET / HTTP/2", 400, 0},
	{"GET / HTTP/1.", 400, 0},
	{"GET / HTTP/.1", 400, 0},
	{"GET / HTTP/1,1", 400, 0},
	{"GET / HTTP/a.b", 400, 0},
	{"GET / http/1.1", 400, 0},
	{"GET / Http/1.1", 400, 0},
	{"GET / HTTPS/1.1", 400, 0},
	{"GET / HTTP/1.1 ", 400, 0},
	{"GET / HTTP /1.1", 400, 0},
	{"GET / ", 400, 0},
	{"GET /", 400, 0},
	{"GET / HTTP/1.1\tx", 400, 0},
	{"GET / HTTP/1.1\nA: b", 400, 0},
	{"GET / HTTP/1.1x\nA: b", 400, 0},
	{"GET / HTTP/1.1\rxA: b", 400, 0},
};

Test(http_12_line, d_versions)
{
	struct http_request r;
	char head[512];

	for (size_t i = 0; i < sizeof(version_cases) / sizeof(version_cases[0]); i++) {
		int status = parse_line(version_cases[i].line, head, &r);

		cr_expect_eq(status, version_cases[i].status, "%d, not %d: %s", status, version_cases[i].status,
			version_cases[i].line);
		if (status == 0)
			cr_expect_eq(r.minor, version_cases[i].minor, "%s", version_cases[i].line);
	}
}

Test(http_12_line, e_exactly_two_single_spaces)
{
	static const char *const bad[] = {"GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ",
		"GET / x HTTP/1.1", "GET /\tHTTP/1.1", "GET / HTTP/1.1  ", "GET HTTP/1.1", "GET", "GET ",
		"GET  HTTP/1.1"};
	struct http_request r;
	char head[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(parse_line(bad[i], head, &r), 400, "%s", bad[i]);
}

Test(http_12_line, f_the_head_may_end_before_the_version_does)
{
	static const char *const heads[] = {"GET / \r\n\r\n", "GET / H\r\n\r\n", "GET / HTTP/\r\n\r\n", "GET /\r\n\r\n",
		"GET \r\n\r\n", "GET\r\n\r\n"};
	struct http_request r;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		size_t n = strlen(heads[i]);
		char *copy = malloc(n);

		cr_assert_not_null(copy);
		memcpy(copy, heads[i], n);
		cr_expect_eq(http_head_parse(copy, n, &r), 400, "%s", heads[i]);
		free(copy);
	}
}

Test(http_12_line, g_target_forms)
{
	static const struct {
		const char *line, *target, *path, *query, *host;
	} cases[] = {
		{"GET / HTTP/1.1", "/", "/", "", "h"},
		{"GET /a/b%20c HTTP/1.1", "/a/b%20c", "/a/b%20c", "", "h"},
		{"GET /a?b=c&d HTTP/1.1", "/a?b=c&d", "/a", "b=c&d", "h"},
		{"GET /a?b?c HTTP/1.1", "/a?b?c", "/a", "b?c", "h"},
		{"GET /? HTTP/1.1", "/?", "/", "", "h"},
		{"GET //a//b HTTP/1.1", "//a//b", "//a//b", "", "h"},
		{"GET /http://x/ HTTP/1.1", "/http://x/", "/http://x/", "", "h"},
		{"GET /{|}\"<>^` HTTP/1.1", "/{|}\"<>^`", "/{|}\"<>^`", "", "h"},
		{"OPTIONS * HTTP/1.1", "*", "", "", "h"},
		{"GET http://b/c?d HTTP/1.1", "/c?d", "/c", "d", "b"},
		{"GET https://b:443/ HTTP/1.1", "/", "/", "", "b:443"},
		{"GET HTTP://B/ HTTP/1.1", "/", "/", "", "B"},
		{"GET hTTpS://B/ HTTP/1.1", "/", "/", "", "B"},
		{"GET http://b HTTP/1.1", "", "", "", "b"},
		{"OPTIONS http://b:80 HTTP/1.1", "", "", "", "b:80"},
		{"GET http://b?c/d HTTP/1.1", "?c/d", "", "c/d", "b"},
		{"GET http://[::1]:8080/x HTTP/1.1", "/x", "/x", "", "[::1]:8080"},
		{"GET http://b//c HTTP/1.1", "//c", "//c", "", "b"},
	};
	struct http_request r;
	char head[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(parse_line(cases[i].line, head, &r), 0, "%s", cases[i].line);
		cr_expect(line_span_is(head, r.target, cases[i].target), "target of %s", cases[i].line);
		cr_expect(line_span_is(head, r.path, cases[i].path), "path of %s", cases[i].line);
		cr_expect(line_span_is(head, r.query, cases[i].query), "query of %s", cases[i].line);
		cr_expect(line_span_is(head, r.host, cases[i].host), "host of %s", cases[i].line);
		cr_expect_eq(r.asterisk, strstr(cases[i].line, " * ") != NULL, "%s", cases[i].line);
	}
}

Test(http_12_line, h_bad_targets)
{
	static const char *const bad[] = {"GET * HTTP/1.1", "HEAD * HTTP/1.1", "OPTIONS ** HTTP/1.1",
		"OPTIONS *?a HTTP/1.1", "OPTIONS */ HTTP/1.1", "GET a HTTP/1.1", "GET a/b HTTP/1.1", "GET ?a HTTP/1.1",
		"GET . HTTP/1.1", "GET a:80 HTTP/1.1", "GET /#a HTTP/1.1", "GET /a?b#c HTTP/1.1", "GET # HTTP/1.1",
		"GET /\x01 HTTP/1.1", "GET /\x7f HTTP/1.1", "GET /\xc3\xa4 HTTP/1.1", "GET /?\xc3\xa4 HTTP/1.1",
		"GET /\ta HTTP/1.1", "GET /?\x1f HTTP/1.1", "GET ftp://b/ HTTP/1.1", "GET http:/b/ HTTP/1.1",
		"GET http//b/ HTTP/1.1", "GET http:// HTTP/1.1", "GET http:///a HTTP/1.1", "GET http://?a HTTP/1.1",
		"GET http://u@b/ HTTP/1.1", "GET http://u:p@b/ HTTP/1.1", "GET http://b:x/ HTTP/1.1",
		"GET http://[::1/ HTTP/1.1", "GET http://a,b/ HTTP/1.1", "GET httpx://b/ HTTP/1.1",
		"GET http://b\\c/ HTTP/1.1", "GET https:/// HTTP/1.1", "GET http: HTTP/1.1"};
	struct http_request r;
	char head[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(parse_line(bad[i], head, &r), 400, "%s", bad[i]);
}

Test(http_12_line, i_no_byte_but_visible_ascii_in_a_target)
{
	struct http_request r;
	char head[512];

	for (int c = 1; c < 256; c++) {
		char line[] = "GET /x HTTP/1.1";

		line[5] = (char)c;
		cr_expect_eq(parse_line(line, head, &r), c > 0x20 && c < 0x7f && c != '#' ? 0 : 400, "byte %02x", c);
	}
}

Test(http_12_line, j_method_names)
{
	cr_expect_str_eq(http_method_name(HTTP_GET), "GET");
	cr_expect_str_eq(http_method_name(HTTP_CONNECT), "CONNECT");
	cr_expect_str_eq(http_method_name(HTTP_METHOD_NONE), "");
	cr_expect_str_eq(http_method_name(HTTP_METHOD_COUNT), "");
	cr_expect(http_method_idempotent(HTTP_GET) && http_method_idempotent(HTTP_DELETE));
	cr_expect_not(http_method_idempotent(HTTP_POST) || http_method_idempotent(HTTP_PATCH));
	cr_expect_not(http_method_idempotent(HTTP_METHOD_NONE) || http_method_idempotent(HTTP_METHOD_COUNT));
}

Test(http_12_line, k_reasons)
{
	cr_expect_str_eq(http_reason(200), "OK");
	cr_expect_str_eq(http_reason(404), "Not Found");
	cr_expect_str_eq(http_reason(431), "Request Header Fields Too Large");
	cr_expect_str_eq(http_reason(505), "HTTP Version Not Supported");
	cr_expect_str_eq(http_reason(299), "Unknown");
	cr_expect_str_eq(http_reason(-1), "Unknown");
}
