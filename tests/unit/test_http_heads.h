/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of field lines share: a request is put together around the lines in question. */
#ifndef CELLWS_TEST_HTTP_HEADS_H
#define CELLWS_TEST_HTTP_HEADS_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "http/parse.h"

struct field_case {
	const char *fields; /* whole lines with their CRLF, behind a GET with a Host */
	int status;
};

/* Parses "GET / HTTP/1.minor", the lines, the empty line. */
static inline int parse_fields(int minor, const char *lines, char head[2048], struct http_request *r)
{
	int n = snprintf(head, 2048, "GET / HTTP/1.%d\r\n%s\r\n", minor, lines);

	return http_head_parse(head, (size_t)n, r);
}

/* Every case's lines behind a valid Host. */
static inline void expect_statuses(int minor, const struct field_case *cases, size_t n)
{
	struct http_request r;
	char head[2048], lines[1024];

	for (size_t i = 0; i < n; i++) {
		int status;

		snprintf(lines, sizeof(lines), "Host: a\r\n%s", cases[i].fields);
		status = parse_fields(minor, lines, head, &r);
		cr_expect_eq(status, cases[i].status, "%d, not %d: %s", status, cases[i].status, cases[i].fields);
	}
}

#define EXPECT_STATUSES(minor, cases) expect_statuses(minor, cases, sizeof(cases) / sizeof((cases)[0]))

#endif
