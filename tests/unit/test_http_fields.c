/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of the form of field lines, and of finding them again. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_http_heads.h"

static const struct field_case form_cases[] = {
	{"A: b\r\n", 0},
	{"A:b\r\n", 0},
	{"A:\r\n", 0},
	{"A: \t b \t \r\n", 0},
	{"A: b\tc\r\n", 0},
	{"A: \x80\xff\r\n", 0},
	{"a_b.c~1!: x\r\n", 0},
	{"A: b: c\r\n", 0},
	{"A::\r\n", 0},
	{": b\r\n", 400},
	{" : b\r\n", 400},
	{"A : b\r\n", 400},
	{"A\t: b\r\n", 400},
	{"A b: c\r\n", 400},
	{"A\r\n", 400},
	{"A b\r\n", 400},
	{"A(b): c\r\n", 400},
	{"A@: c\r\n", 400},
	{"\xc3\xa4: b\r\n", 400},
	{"\"A\": b\r\n", 400},
	{"A;: b\r\n", 400},
	{"A/: b\r\n", 400},
	{"A[]: b\r\n", 400},
	{"A: b\n", 400},
	{"A: b\rc\r\n", 400},
	{"A: b\rcD: e\r\n", 400},
	{"A: b\r\r\n", 400},
	{"A: \r\n\n", 400},
	{"A: b\r\n c\r\n", 400},
	{"A: b\r\n\tc\r\n", 400},
	{"A: b\r\n \r\n", 400},
	{"A: \x01\r\n", 400},
	{"A: \x0b\r\n", 400},
	{"A: \x1f\r\n", 400},
	{"A: \x7f\r\n", 400},
	{"A\x01: b\r\n", 400},
	{"\r\nA: b\r\n", 400},
};

Test(http_13_fields, a_form_of_a_line)
{
	EXPECT_STATUSES(1, form_cases);
}

Test(http_13_fields, b_a_line_right_after_the_request_line_may_not_be_folded)
{
	struct http_request r;
	char head[2048];

	cr_expect_eq(parse_fields(1, " Host: a\r\n", head, &r), 400);
	cr_expect_eq(parse_fields(1, "\tx\r\nHost: a\r\n", head, &r), 400);
}

Test(http_13_fields, c_no_control_character_in_any_place_of_a_value)
{
	struct http_request r;

	for (int c = 0; c < 256; c++) {
		for (size_t at = 0; at < 20; at++) {
			char head[] = "GET / HTTP/1.1\r\nHost: a\r\nA: bbbbbbbbbbbbbbbbbbbb\r\n\r\n";
			int expected = c == '\t' || (c >= 0x20 && c != 0x7f) ? 0 : 400;

			head[28 + at] = (char)c;
			cr_expect_eq(http_head_parse(head, sizeof(head) - 1, &r), expected, "byte %02x at %zu", c, at);
		}
	}
}

Test(http_13_fields, d_names_and_values_are_given_without_blanks)
{
	struct http_request r;
	char head[2048];

	cr_assert_eq(parse_fields(1, "Host: a\r\nX-One: \t 1 2 \t\r\nx-two:\r\nX-ONE:3\r\n", head, &r), 0);
	cr_assert_eq(r.header_count, 4);
	cr_expect_eq(r.headers[1].value.n, 3);
	cr_expect_eq(memcmp(head + r.headers[1].value.at, "1 2", 3), 0);
	cr_expect_eq(r.headers[2].value.n, 0);
	cr_expect_eq(http_header_find(head, &r, "x-one", 0), 1);
	cr_expect_eq(http_header_find(head, &r, "x-one", 2), 3);
	cr_expect_eq(http_header_find(head, &r, "x-one", 4), -1);
	cr_expect_eq(http_header_find(head, &r, "x-two", 0), 2);
	cr_expect_eq(http_header_find(head, &r, "x-tw", 0), -1);
	cr_expect_eq(http_header_find(head, &r, "host", 0), 0);
}

Test(http_13_fields, e_names_are_compared_to_the_byte)
{
	struct http_request r;
	char head[2048];

	cr_assert_eq(parse_fields(1, "Host: a\r\nx_a: 1\r\nX~B: 2\r\n", head, &r), 0);
	cr_expect_eq(http_header_find(head, &r, "x_a", 0), 1);
	cr_expect_eq(http_header_find(head, &r, "x~b", 0), 2);
	cr_expect_eq(http_header_find(head, &r, "x^b", 0), -1);
}

Test(http_13_fields, f_at_most_96)
{
	char head[4096] = "GET / HTTP/1.1\r\nHost: a\r\n";
	size_t n = strlen(head);
	struct http_request r;

	for (int i = 0; i < 95; i++)
		n = (size_t)(stpcpy(head + n, "A: b\r\n") - head);
	stpcpy(head + n, "\r\n");
	cr_expect_eq(http_head_parse(head, n + 2, &r), 0);
	cr_expect_eq(r.header_count, 96);
	stpcpy(head + n, "A: b\r\n\r\n");
	cr_expect_eq(http_head_parse(head, n + 8, &r), 431);
}

Test(http_13_fields, g_a_head_that_does_not_end_where_it_should)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
			  more[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nA: b\r\n\r\n";
	struct http_request r;

	for (size_t n = 0; n < sizeof(head) - 1; n++) {
		char *copy = malloc(n + 1);

		cr_assert_not_null(copy);
		memcpy(copy, head, n);
		cr_expect_eq(http_head_parse(copy, n, &r), 400, "cut at %zu", n);
		free(copy);
	}
	cr_expect_eq(http_head_parse(more, sizeof(more) - 1, &r), 400);
}
