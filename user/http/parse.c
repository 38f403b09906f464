/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses a complete request head and judges what only the whole of it can tell. */
#include "http/parse.h"

#include <string.h>

#include "http/bytes.h"
#include "http/head.h"

/* How the body is framed: one way or none, by RFC 9112 6. */
static int judge_framing(const struct http_head *h)
{
	if (!h->has_coding)
		return 0;
	if (h->r->has_length || h->r->minor == 0)
		return 400;
	return h->unknown_coding ? 501 : 0;
}

static int judge_expectation(struct http_head *h)
{
	struct http_request *r = h->r;

	if (r->minor == 0)
		return 0;
	r->expect_continue = h->expects && (r->chunked || r->content_length > 0);
	return h->expects_other ? 417 : 0;
}

static int judge(struct http_head *h)
{
	struct http_request *r = h->r;
	int status;

	if (!h->has_host && r->minor > 0)
		return 400;
	status = judge_framing(h);
	if (status)
		return status;
	r->keep_alive = !h->wants_close && (r->minor > 0 || h->wants_keep);
	if (h->gzip & (h->gzip & GZIP_NAMED ? GZIP_TAKEN : GZIP_ANY))
		r->traits |= HTTP_ACCEPT_GZIP;
	return judge_expectation(h);
}

int http_head_parse(const char *head, size_t len, struct http_request *r)
{
	struct http_head h = {.p = head, .n = len, .r = r};
	size_t at = 0;
	int status;

	memset(r, 0, offsetof(struct http_request, headers));
	if (len > HTTP_HEAD_MAX)
		return 431;
	if (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0)
		return 400;
	r->head_bytes = (uint16_t)len;
	if (head[0] == '\r' && head[1] == '\n')
		at = 2;
	status = http_line_parse(&h, &at);
	if (status)
		return status;
	status = http_fields_parse(&h, at);
	return status ? status : judge(&h);
}

/* Whether s is lower but for the case of ASCII letters; unlike http_bytes_same right for every token. */
static bool same_name(const char *s, const char *lower, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] | 0x20) : s[i];

		if (c != lower[i])
			return false;
	}
	return true;
}

int http_header_find(const char *head, const struct http_request *r, const char *name, unsigned from)
{
	size_t n = strlen(name);

	for (unsigned i = from; i < r->header_count; i++) {
		const struct http_span *s = &r->headers[i].name;

		if (s->n == n && same_name(head + s->at, name, n))
			return (int)i;
	}
	return -1;
}
