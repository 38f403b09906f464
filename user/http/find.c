/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the end of a request head in bytes that arrive in pieces of any size. */
#include <assert.h>

#include "http/bytes.h"
#include "http/parse.h"

/* Set in *scanned once the end of the request line has been seen; places are below it. */
#define LINE_SEEN (1u << 31)

struct search {
	const char *buf;
	size_t start; /* of the request line: 2 after a leading empty line */
	size_t at;
	bool line_seen;
};

/* Judges the control character at s->at. 0: go on; > 0: the head ends before that place; < 0: the status. */
static int judge_control(struct search *s)
{
	const char *b = s->buf;
	size_t at = s->at;

	if (b[at] == '\t' || b[at] == '\r')
		return 0;
	if (b[at] != '\n' || at == 0 || b[at - 1] != '\r')
		return -400;
	if (at < s->start)
		return 0;
	if (at == s->start + 1)
		return -400;
	if (!s->line_seen)
		s->line_seen = true;
	else if (b[at - 2] == '\n')
		return (int)at + 1;
	return 0;
}

/* How many bytes may pass before the request line, or then the head, must have ended. */
static size_t allowed(const struct search *s, const struct http_limits *limits)
{
	size_t line = s->start + limits->line + 2;

	return s->line_seen || line > limits->head ? limits->head : line;
}

static int search(struct search *s, size_t len, const struct http_limits *limits)
{
	for (;;) {
		size_t most = allowed(s, limits), end = len < most ? len : most;
		int verdict;

		if (s->at < end && s->at > 0 && s->buf[s->at - 1] == '\r' && s->buf[s->at] != '\n')
			return -400;
		s->at = http_bytes_control(s->buf, s->at, end);
		if (s->at >= end && end == most)
			return s->line_seen ? -431 : -414;
		if (s->at >= end)
			return 0;
		verdict = judge_control(s);
		if (verdict)
			return verdict;
		s->at++;
	}
}

/*
 * The verdict on some bytes is that on the shortest beginning of them that has one: it does not matter in which pieces
 * they came.
 */
int http_head_find(const char *buf, size_t len, uint32_t *scanned, const struct http_limits *limits)
{
	struct search s = {
		.buf = buf,
		.start = len >= 2 && buf[0] == '\r' && buf[1] == '\n' ? 2 : 0,
		.at = *scanned & ~LINE_SEEN,
		.line_seen = *scanned & LINE_SEEN,
	};
	int verdict;

	assert(s.at <= len && limits->head <= HTTP_HEAD_MAX);
	verdict = search(&s, len, limits);

	*scanned = (uint32_t)s.at | (s.line_seen ? LINE_SEEN : 0);
	return verdict;
}
