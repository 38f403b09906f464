/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of the search for the end of a request head. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/parse.h"

struct find_case {
	const char *text;
	size_t n;
	int verdict;
};

#define CASE(text, verdict)                                                                                            \
	{                                                                                                              \
		text, sizeof(text) - 1, verdict                                                                        \
	}

static const struct http_limits find_limits = {.line = 20, .head = 60};

static int find_whole(const char *text, size_t n)
{
	uint32_t scanned = 0;

	return http_head_find(text, n, &scanned, &find_limits);
}

/* Gives the text in two pieces, then byte by byte; the same verdict must come. */
static void expect_same_in_pieces(const struct find_case *c)
{
	uint32_t scanned;
	int verdict;

	for (size_t cut = 0; cut <= c->n; cut++) {
		scanned = 0;
		verdict = http_head_find(c->text, cut, &scanned, &find_limits);
		if (verdict == 0)
			verdict = http_head_find(c->text, c->n, &scanned, &find_limits);
		cr_assert_eq(verdict, c->verdict, "cut at %zu: %d, not %d: %s", cut, verdict, c->verdict, c->text);
	}
	scanned = 0;
	verdict = 0;
	for (size_t n = 1; n <= c->n && verdict == 0; n++)
		verdict = http_head_find(c->text, n, &scanned, &find_limits);
	cr_expect_eq(verdict, c->verdict, "byte by byte: %d, not %d: %s", verdict, c->verdict, c->text);
}

static const struct find_case find_cases[] = {
	CASE("GET / HTTP/1.1\r\n\r\n", 18),
	CASE("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27),
	CASE("GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\n\n", 27),
	CASE("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 29),
	CASE("GET / HTTP/1.1\r\nA:\tb\r\n\r\n", 24),
	CASE("GET / HTTP/1.1\r\nA: \xc3\xa4\r\n\r\n", 25),
	CASE("", 0),
	CASE("\r", 0),
	CASE("\r\n", 0),
	CASE("GET / HTTP/1.1\r\nHost: a\r\n", 0),
	CASE("GET / HTTP/1.1\r\nHost: a\r\n\r", 0),
	CASE("\n", -400),
	CASE("\r\n\r\n", -400),
	CASE("\r\n\r\nGET / HTTP/1.1\r\n\r\n", -400),
	CASE("\r\n\nGET / HTTP/1.1\r\n\r\n", -400),
	CASE("GET / HTTP/1.1\n", -400),
	CASE("GET / HTTP/1.1\r\nA: b\n", -400),
	CASE("GET / HTTP/1.1\r\nA: b\r\n\n", -400),
	CASE("GET / HTTP/1.1\rA", -400),
	CASE("GET / HTTP/1.1\r\nA: b\rc", -400),
	CASE("GET / HTTP/1.1\r\nA: b\r\r\n", -400),
	CASE("GET / HTTP/1.1\r\n\rA", -400),
	CASE("\rG", -400),
	CASE("GET /\0", -400),
	CASE("\x16\x03\x01", -400),
	CASE("GET / HTTP/1.1\r\nA: \x7f", -400),
};

Test(http_11_find, a_verdicts)
{
	for (size_t i = 0; i < sizeof(find_cases) / sizeof(find_cases[0]); i++) {
		const struct find_case *c = &find_cases[i];
		int verdict = find_whole(c->text, c->n);

		cr_expect_eq(verdict, c->verdict, "%d, not %d: %s", verdict, c->verdict, c->text);
	}
}

Test(http_11_find, b_the_same_however_it_is_cut)
{
	for (size_t i = 0; i < sizeof(find_cases) / sizeof(find_cases[0]); i++)
		expect_same_in_pieces(&find_cases[i]);
}

/* Limits: 20 bytes for the request line, 60 for the head. */
static const struct find_case limit_cases[] = {
	CASE("GET /45678 HTTP/1.1x\r\n\r\n", 24),
	CASE("GET /45678 HTTP/1.1xy\r\n\r\n", -414),
	CASE("\r\nGET /45678 HTTP/1.1x\r\n\r\n", 26),
	CASE("\r\nGET /45678 HTTP/1.1xy\r\n\r\n", -414),
	CASE("GET /4567890123456789", 0),
	CASE("GET /4567890123456789\r", -414),
	CASE("GET /45678901234567890", -414),
	CASE("GET / HTTP/1.1\r\nA: 9012345678901234567890123456789012345\r\n\r\n", 60),
	CASE("GET / HTTP/1.1\r\nA: 90123456789012345678901234567890123456\r\n\r\n", -431),
	CASE("GET / HTTP/1.1\r\nA: 9012345678901234567890123456789012345678901234567890", -431),
	CASE("GET / HTTP/1.1\r\nA: 9012345678901234567890123456789012345678", 0),
	CASE("GET / HTTP/1.1\r\nA: 9012345678901234567890123456789012345678\n", -400),
};

Test(http_11_find, c_limits_to_the_byte_and_however_cut)
{
	for (size_t i = 0; i < sizeof(limit_cases) / sizeof(limit_cases[0]); i++)
		expect_same_in_pieces(&limit_cases[i]);
}

Test(http_11_find, d_a_line_that_fills_the_head_is_a_long_line)
{
	static const struct http_limits even = {.line = 30, .head = 30};
	char text[64];
	uint32_t scanned = 0;

	memset(text, 'a', sizeof(text));
	cr_expect_eq(http_head_find(text, 29, &scanned, &even), 0);
	cr_expect_eq(http_head_find(text, 30, &scanned, &even), -414);
}

Test(http_11_find, e_bytes_are_not_looked_at_twice)
{
	char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	uint32_t scanned = 0;

	cr_assert_eq(http_head_find(text, 20, &scanned, &find_limits), 0);
	memset(text + 2, '\n', 16);
	cr_expect_eq(http_head_find(text, sizeof(text) - 1, &scanned, &find_limits), 27);
}
