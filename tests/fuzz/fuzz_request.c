/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzzes everything that reads bytes of a request; the first byte of the input says which reader gets the rest. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/chunk.h"
#include "http/condition.h"
#include "http/date.h"
#include "http/mime.h"
#include "http/parse.h"
#include "http/path.h"
#include "http/range.h"

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			__builtin_trap();                                                                              \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly n bytes: one byte read too far is found. */
static char *exact(const char *s, size_t n)
{
	char *copy = malloc(n ? n : 1);

	MUST(copy);
	if (n)
		memcpy(copy, s, n);
	return copy;
}

/* Sizes of pieces that the input itself decides. */
static size_t piece(uint32_t *seed, size_t left)
{
	size_t n;

	*seed = *seed * 1664525 + 1013904223;
	n = *seed >> 24 & 0x1f;
	return n < left ? n : left;
}

static void check_span(struct http_span s, size_t len)
{
	MUST((size_t)s.at + s.n <= len);
}

static void check_clean(const char *head, struct http_span s)
{
	for (size_t i = s.at; i < (size_t)s.at + s.n; i++)
		MUST(((uint8_t)head[i] >= 0x20 && head[i] != 0x7f) || head[i] == '\t');
}

static void check_request(const char *head, size_t len, const struct http_request *r)
{
	const struct http_span spans[] = {r->method_text, r->target, r->path, r->query, r->host};

	MUST(r->head_bytes == len);
	MUST(r->method > HTTP_METHOD_NONE && r->method < HTTP_METHOD_COUNT && r->method != HTTP_CONNECT);
	MUST(r->minor <= 1 && r->header_count <= HTTP_HEADERS_MAX);
	MUST(!(r->chunked && (r->has_length || r->minor == 0)));
	MUST(r->content_length <= INT64_MAX && (r->has_length || r->content_length == 0));
	MUST(!r->expect_continue || (r->minor == 1 && (r->chunked || r->content_length)));
	MUST(r->host.n || r->minor == 0);
	MUST(r->path.n == 0 || head[r->path.at] == '/');
	MUST(r->path.n <= r->target.n && r->query.n <= r->target.n);
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		check_span(spans[i], len);
		check_clean(head, spans[i]);
	}
	for (unsigned i = 0; i < r->header_count; i++) {
		check_span(r->headers[i].name, len);
		check_span(r->headers[i].value, len);
		check_clean(head, r->headers[i].value);
		MUST(r->headers[i].name.n > 0 && head[r->headers[i].name.at + r->headers[i].name.n] == ':');
	}
	if (r->minor == 1)
		MUST(http_header_find(head, r, "host", 0) >= 0);
}

/* Finds the end of the head again, in pieces, each seen through a buffer that ends with it. */
static int find_in_pieces(const char *s, size_t n, const struct http_limits *limits)
{
	uint32_t seed = (uint32_t)n, scanned = 0;
	size_t have = 0;
	int verdict = 0;

	while (verdict == 0 && have < n) {
		char *copy;

		have += piece(&seed, n - have);
		copy = exact(s, have);
		verdict = http_head_find(copy, have, &scanned, limits);
		free(copy);
	}
	return verdict;
}

static void fuzz_head(const char *s, size_t n)
{
	static const struct http_limits small = {.line = 40, .head = 150}, large = {HTTP_HEAD_MAX, HTTP_HEAD_MAX};
	static struct http_request r;
	uint32_t scanned = 0;
	int found = http_head_find(s, n, &scanned, &small), status;

	MUST(found == 0 || found == -400 || found == -414 || found == -431 || (found >= 5 && (size_t)found <= n));
	MUST(found == find_in_pieces(s, n, &small));
	scanned = 0;
	found = http_head_find(s, n, &scanned, &large);
	memset(&r, 0xa5, sizeof(r));
	status = http_head_parse(s, n, &r);
	if (status == 0) {
		MUST((size_t)found == n);
		check_request(s, n, &r);
	}
	if (found > 0 && (size_t)found < n) {
		char *copy = exact(s, (size_t)found);

		MUST(status != 0);
		status = http_head_parse(copy, (size_t)found, &r);
		if (status == 0)
			check_request(copy, (size_t)found, &r);
		free(copy);
	}
	MUST(status == 0 || status == 400 || status == 417 || status == 431 || status == 501 || status == 505);
}

static void check_path(const char *p, size_t n)
{
	MUST(n > 0 && p[0] == '/');
	for (size_t from = 1, to; from < n; from = to + 1) {
		for (to = from; to < n && p[to] != '/'; to++)
			MUST((uint8_t)p[to] >= 0x20 && p[to] != 0x7f);
		MUST(to > from);
		MUST(!(to - from == 1 && p[from] == '.'));
		MUST(!(to - from == 2 && p[from] == '.' && p[from + 1] == '.'));
	}
	MUST(http_path_covers(p, n, p, n) && http_path_covers("/", 1, p, n));
}

static void fuzz_path(const char *s, size_t n)
{
	size_t room = n ? n : 1;
	char *out = exact(s, n), *twice = malloc(room), *both = exact(s, n);
	int made = http_path_normalise(s, n, out, room);

	MUST(twice && (made == -400 || (made > 0 && (size_t)made <= room)));
	MUST(http_path_normalise(both, n, both, room) == made);
	if (made > 0) {
		check_path(out, (size_t)made);
		MUST(memcmp(out, both, (size_t)made) == 0);
		if (!memchr(out, '%', (size_t)made)) {
			MUST(http_path_normalise(out, (size_t)made, twice, room) == made);
			MUST(memcmp(out, twice, (size_t)made) == 0);
		}
	}
	free(out);
	free(twice);
	free(both);
}

/* Decodes in pieces, in place, into as little room as the input decides. */
static enum http_chunk_end decode_in_pieces(char *s, size_t n, size_t *used, size_t *made)
{
	struct http_chunk state = {0};
	enum http_chunk_end end = HTTP_CHUNK_MORE;
	uint32_t seed = (uint32_t)n;

	*used = *made = 0;
	while (end == HTTP_CHUNK_FULL || (end == HTTP_CHUNK_MORE && *used < n)) {
		size_t give = piece(&seed, n - *used), room = piece(&seed, *used - *made + give), u, m;

		end = http_chunk_decode(&state, s + *used, give, s + *made, room, &u, &m);
		MUST(u <= give && m <= room && m <= u);
		MUST(end != HTTP_CHUNK_MORE || u == give);
		MUST(end != HTTP_CHUNK_FULL || (m == room && u < give));
		*used += u;
		*made += m;
	}
	return end;
}

static void fuzz_chunk(const char *s, size_t n)
{
	struct http_chunk state = {0};
	char *out = exact(s, n), *both = exact(s, n);
	size_t used, made, used2, made2;
	enum http_chunk_end end = http_chunk_decode(&state, s, n, out, n, &used, &made);

	MUST(end != HTTP_CHUNK_FULL && used <= n && made <= used);
	MUST(end != HTTP_CHUNK_MORE || used == n);
	MUST(decode_in_pieces(both, n, &used2, &made2) == end);
	MUST(used == used2 && made == made2 && memcmp(out, both, made) == 0);
	if (end == HTTP_CHUNK_DONE)
		MUST(used >= 5 && memcmp(s + used - 2, "\r\n", 2) == 0);
	free(out);
	free(both);
}

/* The first eight bytes are a number. */
static uint64_t take_number(const char **s, size_t *n)
{
	uint64_t number = 0;

	for (int i = 0; i < 8 && *n; i++, ++*s, --*n)
		number = number << 8 | (uint8_t) * *s;
	return number;
}

static void fuzz_range(const char *s, size_t n)
{
	struct http_range r[HTTP_RANGES_MAX];
	uint64_t length = take_number(&s, &n), sum = 0;
	int count = http_range_parse(s, n, length, r);

	MUST(count == -416 || (count >= 0 && count <= HTTP_RANGES_MAX));
	for (int i = 0; i < count; i++) {
		MUST(r[i].length > 0 && r[i].first < length && r[i].length <= length - r[i].first);
		MUST(r[i].length <= length - sum);
		sum += r[i].length;
	}
}

/* Text up to the next line feed; absent when it is "-". */
static struct http_value take_line(const char **s, size_t *n)
{
	const char *end = *n ? memchr(*s, '\n', *n) : NULL;
	struct http_value v = {*s, end ? (size_t)(end - *s) : *n};

	*s += v.n + (end ? 1 : 0);
	*n -= v.n + (end ? 1 : 0);
	if (v.n == 1 && v.p[0] == '-')
		v.p = NULL;
	return v;
}

static void fuzz_conditions(const char *s, size_t n)
{
	int64_t modified = (int64_t)take_number(&s, &n) >> 24, now = (int64_t)take_number(&s, &n) >> 24;
	struct http_value tag = take_line(&s, &n);
	struct http_conditions c;
	char *etag = tag.p ? strndup(tag.p, tag.n) : NULL;
	enum http_outcome get, put;

	c.if_match = take_line(&s, &n);
	c.if_none_match = take_line(&s, &n);
	c.if_modified_since = take_line(&s, &n);
	c.if_unmodified_since = take_line(&s, &n);
	c.if_range = take_line(&s, &n);
	c.range = take_line(&s, &n);
	get = http_condition_judge(&c, etag, modified, true, now);
	put = http_condition_judge(&c, etag, modified, false, now);
	MUST(put == HTTP_GO_ON || put == HTTP_PRECONDITION_FAILED);
	MUST(get != HTTP_PRECONDITION_FAILED || put == HTTP_PRECONDITION_FAILED);
	MUST(get != HTTP_GO_ON_RANGE || c.range.p);
	MUST(get != HTTP_NOT_MODIFIED || c.if_none_match.p || c.if_modified_since.p);
	MUST(put != HTTP_PRECONDITION_FAILED || c.if_match.p || c.if_none_match.p || c.if_unmodified_since.p);
	free(etag);
}

static void fuzz_date(const char *s, size_t n)
{
	const int64_t latest = 253402300799, earliest = -62135596800;
	int64_t now = (int64_t)take_number(&s, &n), t, back;
	char text[HTTP_DATE_BYTES];

	http_date_format(now, text);
	MUST(http_date_parse(text, sizeof(text), 0, &back) == 0);
	MUST(back == (now < earliest ? earliest : now > latest ? latest : now));
	if (http_date_parse(s, n, now, &t) != 0)
		return;
	/* A leap second at the end of the year 9999 is the one moment that cannot be written. */
	MUST(t >= earliest && t <= latest + 1);
	http_date_format(t, text);
	MUST(http_date_parse(text, sizeof(text), now, &back) == 0 && (back == t || t == latest + 1));
}

static void fuzz_mime(const char *s, size_t n)
{
	struct http_value path = take_line(&s, &n);
	struct http_mime *m = http_mime_new(s, n);
	const char *type;

	MUST(m);
	type = http_mime_find(m, path.p ? path.p : "-", path.n);
	MUST(*type);
	for (; *type; type++)
		MUST(*type >= 0x20 && *type < 0x7f);
	http_mime_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		char letter;
		void (*fuzz)(const char *s, size_t n);
	} readers[] = {
		{'h', fuzz_head},
		{'p', fuzz_path},
		{'c', fuzz_chunk},
		{'r', fuzz_range},
		{'i', fuzz_conditions},
		{'d', fuzz_date},
		{'m', fuzz_mime},
	};

	for (size_t i = 0; size && i < sizeof(readers) / sizeof(readers[0]); i++) {
		char *copy;

		if (data[0] != (uint8_t)readers[i].letter)
			continue;
		copy = exact((const char *)data + 1, size - 1);
		readers[i].fuzz(copy, size - 1);
		free(copy);
	}
	return 0;
}
