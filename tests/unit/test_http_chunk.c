/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of the chunked coding, whole, in pieces, in place and with little room. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/chunk.h"

struct chunk_case {
	const char *in;
	size_t n;
	enum http_chunk_end end;
	size_t used;
	const char *out;
};

#define GOOD(in, rest, out)                                                                                            \
	{                                                                                                              \
		in rest, sizeof(in rest) - 1, HTTP_CHUNK_DONE, sizeof(in) - 1, out                                     \
	}
#define MORE(in, out)                                                                                                  \
	{                                                                                                              \
		in, sizeof(in) - 1, HTTP_CHUNK_MORE, sizeof(in) - 1, out                                               \
	}
#define BAD(upto, rest)                                                                                                \
	{                                                                                                              \
		upto rest, sizeof(upto rest) - 1, HTTP_CHUNK_BAD, sizeof(upto) - 1, NULL                               \
	}

static const struct chunk_case chunk_cases[] = {
	GOOD("0\r\n\r\n", "", ""),
	GOOD("0\r\n\r\n", "GET / HTTP/1.1\r\n", ""),
	GOOD("5\r\nhello\r\n0\r\n\r\n", "x", "hello"),
	GOOD("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "", "abc"),
	GOOD("a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", "", "01234567890123456789"),
	GOOD("4\r\n\r\n\r\n\r\n0\r\n\r\n", "", "\r\n\r\n"),
	GOOD("00000000000000000000000000000001\r\na\r\n0\r\n\r\n", "", "a"),
	GOOD("1;x\r\na\r\n0;y=z\r\n\r\n", "", "a"),
	GOOD("1 ;x\r\na\r\n0\t; y=\"z;\" \r\n\r\n", "", "a"),
	GOOD("1;\xc3\xa4\r\na\r\n0\r\n\r\n", "", "a"),
	GOOD("0\r\nA: b\r\nC:\r\nD: \t\x80\r\n\r\n", "", ""),
	MORE("", ""),
	MORE("5", ""),
	MORE("5\r", ""),
	MORE("5\r\nhel", "hel"),
	MORE("5\r\nhello", "hello"),
	MORE("5\r\nhello\r\n0\r\n", "hello"),
	MORE("5\r\nhello\r\n0\r\n\r", "hello"),
	MORE("7fffffffffffffff\r\nhello", "hello"),
	BAD("\r", "\n"),
	BAD("\n", ""),
	BAD(" ", "5\r\nhello\r\n"),
	BAD("\t", "5\r\n"),
	BAD("g", "\r\n"),
	BAD(";", "x\r\n"),
	BAD("-", "1\r\n"),
	BAD("+", "1\r\n"),
	BAD("0x", "5\r\n"),
	BAD("5\n", "hello\r\n"),
	BAD("5\rh", "ello"),
	BAD("5 \r", "\nhello\r\n"),
	BAD("5 5", "\r\n"),
	BAD("5,", "\r\n"),
	BAD("8000000000000000", "\r\n"),
	BAD("ffffffffffffffff", "\r\n"),
	BAD("10000000000000000", "\r\n"),
	BAD("00010000000000000000", "\r\n"),
	BAD("1;x\n", "a\r\n"),
	BAD("1;x\ry", "\r\na\r\n"),
	BAD("1;\0", "\r\na\r\n"),
	BAD("1;\x01", "\r\na\r\n"),
	BAD("1;\x7f", "\r\na\r\n"),
	BAD("5\r\nhellox", "\r\n0\r\n\r\n"),
	BAD("5\r\nhello\n", "0\r\n\r\n"),
	BAD("5\r\nhello\r0", "\r\n\r\n"),
	BAD("5\r\nhello\r\n\r", "\n"),
	BAD("0\r\n\n", ""),
	BAD("0\r\n\rx", ""),
	BAD("0\r\n ", "A: b\r\n\r\n"),
	BAD("0\r\nA: b\r\n ", "c\r\n\r\n"),
	BAD("0\r\n:", " b\r\n\r\n"),
	BAD("0\r\nA ", ": b\r\n\r\n"),
	BAD("0\r\nA\r", "\n\r\n"),
	BAD("0\r\nA: b\n", "\r\n"),
	BAD("0\r\nA: b\rc", "\r\n\r\n"),
	BAD("0\r\nA: \0", "\r\n\r\n"),
	BAD("0\r\nA: \x7f", "\r\n\r\n"),
	BAD("0\r\n\x80", ": b\r\n\r\n"),
};

#define CHUNK_CASES (sizeof(chunk_cases) / sizeof(chunk_cases[0]))

static void expect_chunks(
	const struct chunk_case *c, enum http_chunk_end end, size_t used, const char *out, size_t made)
{
	cr_expect_eq(end, c->end, "ended %d, not %d: %s", end, c->end, c->in);
	cr_expect_eq(used, c->used, "used %zu, not %zu: %s", used, c->used, c->in);
	if (c->out)
		cr_expect(made == strlen(c->out) && memcmp(out, c->out, made) == 0, "other data: %s", c->in);
}

Test(http_17_chunk, a_whole)
{
	for (size_t i = 0; i < CHUNK_CASES; i++) {
		const struct chunk_case *c = &chunk_cases[i];
		struct http_chunk state = {0};
		size_t used, made;
		char out[128];
		enum http_chunk_end end = http_chunk_decode(&state, c->in, c->n, out, sizeof(out), &used, &made);

		expect_chunks(c, end, used, out, made);
	}
}

Test(http_17_chunk, b_in_place)
{
	for (size_t i = 0; i < CHUNK_CASES; i++) {
		const struct chunk_case *c = &chunk_cases[i];
		struct http_chunk state = {0};
		size_t used, made;
		char both[128];
		enum http_chunk_end end;

		memcpy(both, c->in, c->n);
		end = http_chunk_decode(&state, both, c->n, both, sizeof(both), &used, &made);
		expect_chunks(c, end, used, both, made);
	}
}

/* In pieces of at most step bytes, into room for at most room bytes a call. */
static void chunk_in_pieces(const struct chunk_case *c, size_t step, size_t room)
{
	struct http_chunk state = {0};
	enum http_chunk_end end = HTTP_CHUNK_MORE;
	size_t at = 0, put = 0;
	char out[128];

	while ((end == HTTP_CHUNK_MORE && at < c->n) || end == HTTP_CHUNK_FULL) {
		size_t n = c->n - at < step ? c->n - at : step, used, made;

		end = http_chunk_decode(&state, c->in + at, n, out + put, room, &used, &made);
		cr_assert(used <= n && made <= room && (used || made), "no progress: %s", c->in);
		cr_expect(end != HTTP_CHUNK_MORE || used == n, "input left over: %s", c->in);
		cr_expect(end != HTTP_CHUNK_FULL || made == room, "room left over: %s", c->in);
		at += used;
		put += made;
	}
	expect_chunks(c, end, at, out, put);
}

Test(http_17_chunk, c_the_same_in_pieces_of_any_size_and_with_little_room)
{
	for (size_t i = 0; i < CHUNK_CASES; i++) {
		for (size_t step = 1; step <= chunk_cases[i].n; step++) {
			for (size_t room = 1; room <= 8; room++)
				chunk_in_pieces(&chunk_cases[i], step, room);
		}
	}
}

Test(http_17_chunk, d_the_same_cut_at_every_byte)
{
	for (size_t i = 0; i < CHUNK_CASES; i++) {
		const struct chunk_case *c = &chunk_cases[i];

		for (size_t cut = 0; cut <= c->n; cut++) {
			struct http_chunk state = {0};
			size_t used, made, used2 = 0, made2 = 0;
			char out[128];
			enum http_chunk_end end = http_chunk_decode(&state, c->in, cut, out, sizeof(out), &used, &made);

			if (end == HTTP_CHUNK_MORE)
				end = http_chunk_decode(&state, c->in + cut, c->n - cut, out + made, sizeof(out) - made,
					&used2, &made2);
			expect_chunks(c, end, used + used2, out, made + made2);
		}
	}
}

Test(http_17_chunk, e_an_end_is_final)
{
	struct http_chunk state = {0};
	size_t used, made;
	char out[8];

	cr_assert_eq(http_chunk_decode(&state, "0\r\n\r\n", 5, out, 8, &used, &made), HTTP_CHUNK_DONE);
	cr_expect_eq(http_chunk_decode(&state, "5\r\n", 3, out, 8, &used, &made), HTTP_CHUNK_DONE);
	cr_expect_eq(used, 0);
	memset(&state, 0, sizeof(state));
	cr_assert_eq(http_chunk_decode(&state, "x", 1, out, 8, &used, &made), HTTP_CHUNK_BAD);
	cr_expect_eq(http_chunk_decode(&state, "0\r\n\r\n", 5, out, 8, &used, &made), HTTP_CHUNK_BAD);
	cr_expect_eq(used, 0);
}

Test(http_17_chunk, f_framing_goes_on_without_room)
{
	struct http_chunk state = {0};
	size_t used, made;
	char out[3];

	cr_expect_eq(http_chunk_decode(&state, "3\r\nabc\r\n0\r\n\r\n", 13, out, 3, &used, &made), HTTP_CHUNK_DONE);
	memset(&state, 0, sizeof(state));
	cr_expect_eq(http_chunk_decode(&state, "3\r\nabc", 6, out, 0, &used, &made), HTTP_CHUNK_FULL);
	cr_expect_eq(used, 3);
	cr_expect_eq(made, 0);
}

/* before, then n times 'x', then after, in one call. */
static enum http_chunk_end chunk_with_filling(const char *before, size_t n, const char *after)
{
	struct http_chunk state = {0};
	char *in = malloc(n + 64), *to, out[64];
	size_t used, made;
	enum http_chunk_end end;

	cr_assert_not_null(in);
	to = stpcpy(in, before);
	memset(to, 'x', n);
	to = stpcpy(to + n, after);
	end = http_chunk_decode(&state, in, (size_t)(to - in), out, sizeof(out), &used, &made);
	free(in);
	return end;
}

Test(http_17_chunk, g_limits_of_a_line_and_of_the_trailers)
{
	const size_t line = HTTP_CHUNK_LINE_MAX - strlen("0;\r\n");
	const size_t trailers = HTTP_TRAILER_MAX - strlen("A: \r\n\r\n");

	cr_expect_eq(chunk_with_filling("0;", line, "\r\n\r\n"), HTTP_CHUNK_DONE);
	cr_expect_eq(chunk_with_filling("0;", line + 1, "\r\n\r\n"), HTTP_CHUNK_BAD);
	cr_expect_eq(chunk_with_filling("1\r\na\r\n0;", line, "\r\n\r\n"), HTTP_CHUNK_DONE);
	cr_expect_eq(chunk_with_filling("1\r\na\r\n0;", line + 1, "\r\n\r\n"), HTTP_CHUNK_BAD);
	cr_expect_eq(chunk_with_filling("0\r\nA: ", trailers, "\r\n\r\n"), HTTP_CHUNK_DONE);
	cr_expect_eq(chunk_with_filling("0\r\nA: ", trailers + 1, "\r\n\r\n"), HTTP_CHUNK_BAD);
	cr_expect_eq(chunk_with_filling("0\r\nA: b\r\nA: ", trailers - 6, "\r\n\r\n"), HTTP_CHUNK_DONE);
	cr_expect_eq(chunk_with_filling("0\r\nA: b\r\nA: ", trailers - 5, "\r\n\r\n"), HTTP_CHUNK_BAD);
}
