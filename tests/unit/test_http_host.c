/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of Host: what is one, and how many there must be. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test_http_heads.h"

Test(http_14_host, a_values)
{
	static const char *const good[] = {"a", "example.com", "example.com.", "a-b_c~1", "A.B", "127.0.0.1", "a:80",
		"a:", "a:0", "a:65535", "a:00080", "[::1]", "[::1]:80", "[2001:db8::1]:", "[::ffff:1.2.3.4]", "  a  ",
		"xn--bcher-kva.example"};
	static const char *const bad[] = {"", " ", "u@a", "u:p@a", "a b", "a/", "a/b", "a?b", "a#b", "a,b", "a, b",
		"a\\b", "a:x", "a:-1", "a:+1", "a:65536", "a:123456", "a:000080", "a:4294967376", "a:80:80", ":80", ":",
		"[::1", "::1", "[]", "[]:80", "[::1]a", "[::1]:x", "[::1]:80a", "[::g]", "[1.2.3.4]", "[fe80::1%eth0]",
		"[fe80::1%25eth0]", "[v1.a]", "[::1]]", "[[::1]]", "a%20b", "a%zz", "a\tb", "a;b", "a\"b", "<a>",
		"\xc3\xa4.example", "a|b", "a^b", "[1:2:3:4:5:6:7:8:9]", "a'b", "a`b",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]"};
	struct http_request r;
	char head[2048], line[256];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(line, sizeof(line), "Host: %s\r\n", good[i]);
		cr_expect_eq(parse_fields(1, line, head, &r), 0, "%s", good[i]);
		cr_expect_eq(parse_fields(0, line, head, &r), 0, "%s", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "Host: %s\r\n", bad[i]);
		cr_expect_eq(parse_fields(1, line, head, &r), 400, "%s", bad[i]);
		cr_expect_eq(parse_fields(0, line, head, &r), 400, "%s", bad[i]);
	}
}

Test(http_14_host, b_exactly_one)
{
	struct http_request r;
	char head[2048];

	cr_expect_eq(parse_fields(1, "", head, &r), 400);
	cr_expect_eq(parse_fields(1, "X-Host: a\r\n", head, &r), 400);
	cr_expect_eq(parse_fields(0, "", head, &r), 0);
	cr_expect_eq(r.host.n, 0);
	cr_expect_eq(parse_fields(1, "hOsT: a\r\n", head, &r), 0);
	cr_expect_eq(parse_fields(1, "Host: a\r\nHost: a\r\n", head, &r), 400);
	cr_expect_eq(parse_fields(1, "Host: a\r\nX: y\r\nHOST: b\r\n", head, &r), 400);
	cr_expect_eq(parse_fields(0, "Host: a\r\nHost: a\r\n", head, &r), 400);
}

Test(http_14_host, c_the_authority_wins_but_host_is_still_needed)
{
	static const struct {
		const char *head;
		int status;
	} cases[] = {
		{"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"GET http://b/ HTTP/1.0\r\n\r\n", 0},
		{"GET http://b/ HTTP/1.1\r\n\r\n", 400},
		{"GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		{"GET http://b/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
	};
	struct http_request r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(http_head_parse(cases[i].head, strlen(cases[i].head), &r), cases[i].status, "%s",
			cases[i].head);
		if (cases[i].status == 0)
			cr_expect(r.host.n == 1 && cases[i].head[r.host.at] == 'b', "%s", cases[i].head);
	}
}
