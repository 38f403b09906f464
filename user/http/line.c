/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The request line by RFC 9112 3: method, the forms of the target, version. */
#include <string.h>

#include "http/bytes.h"
#include "http/head.h"

/* "HTTP/1.1" CR LF and the CR LF at the end of the head. */
#define VERSION_LEAST 12

static struct http_span span(size_t from, size_t to)
{
	return (struct http_span){.at = (uint16_t)from, .n = (uint16_t)(to - from)};
}

/* v has VERSION_LEAST bytes at least. */
static int take_version(struct http_request *r, const char *v)
{
	if (memcmp(v, "HTTP/", 5) != 0 || !http_byte_is(v[5], BYTE_DIGIT) || v[6] != '.' ||
		!http_byte_is(v[7], BYTE_DIGIT) || v[8] != '\r' || v[9] != '\n')
		return 400;
	r->minor = v[7] != '0';
	return v[5] == '1' ? 0 : 505;
}

/* Bytes of "http://" or "https://" at the beginning of s, or 0. */
static size_t scheme_bytes(const char *s, size_t n)
{
	if (n >= 7 && http_bytes_same(s, "http", 4) && memcmp(s + 4, "://", 3) == 0)
		return 7;
	if (n >= 8 && http_bytes_same(s, "https", 5) && memcmp(s + 5, "://", 3) == 0)
		return 8;
	return 0;
}

/* The target is head[from..to), its path part ends at path_end. Leaves in r->path where the path begins. */
static int take_absolute(struct http_head *h, size_t from, size_t path_end)
{
	size_t host = scheme_bytes(h->p + from, path_end - from), end;
	const char *slash;

	if (!host)
		return 400;
	host += from;
	slash = memchr(h->p + host, '/', path_end - host);
	end = slash ? (size_t)(slash - h->p) : path_end;
	if (!http_host_valid(h->p + host, end - host))
		return 400;
	h->has_authority = true;
	h->r->host = span(host, end);
	h->r->path = span(end, path_end);
	return 0;
}

static int take_target(struct http_head *h, size_t from, size_t path_end, size_t end)
{
	struct http_request *r = h->r;
	int status = 0;

	r->path = span(from, path_end);
	if (h->p[from] == '*' && end - from == 1) {
		r->asterisk = true;
		r->path.n = 0;
		status = r->method == HTTP_OPTIONS ? 0 : 400;
	} else if (h->p[from] != '/') {
		status = take_absolute(h, from, path_end);
	}
	r->target = span(r->path.at, end);
	if (path_end < end)
		r->query = span(path_end + 1, end);
	return status;
}

int http_line_parse(struct http_head *h, size_t *at)
{
	struct http_request *r = h->r;
	size_t from = http_bytes_span(h->p, *at, BYTE_TOKEN), path_end, end;
	int status;

	r->method_text = span(*at, from);
	if (from == *at || h->p[from++] != ' ')
		return 400;
	path_end = end = http_bytes_span(h->p, from, BYTE_PATH);
	if (h->p[end] == '?')
		end = http_bytes_span(h->p, end, BYTE_QUERY);
	if (end == from || h->p[end] != ' ' || h->n - end - 1 < VERSION_LEAST)
		return 400;
	status = take_version(r, h->p + end + 1);
	if (status)
		return status;
	r->method = http_method_find(h->p + r->method_text.at, r->method_text.n);
	if (r->method == HTTP_METHOD_NONE || r->method == HTTP_CONNECT)
		return 501;
	*at = end + 1 + 10;
	return take_target(h, from, path_end, end);
}
