/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the small answers: an error in one line of text, a redirect to a directory's slash. */

#include "genes/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/parse.h"

#define LOCATION_ROOM  8192 /* a response head is no longer */
#define REDIRECT_FRESH 1000 /* ms */

bool reply_is_head(const struct cellws_request *rq)
{
	return rq->method.n == 4 && !memcmp(rq->method.p, "HEAD", 4);
}

int reply_length(struct cellws_response *rs, uint64_t length)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, length);
	rs->body = CELLWS_BODY_NONE;
	return rs->header(rs, "Content-Length", text);
}

int reply_plain(const struct cellws_request *rq, struct cellws_response *rs, int status)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%d %s\n", status, http_reason(status));

	rs->status = status;
	int rc = rs->header(rs, "Content-Type", "text/plain; charset=utf-8");
	if (!rc && status == 503)
		rc = rs->header(rs, "Retry-After", "1");
	if (rc)
		return rc;
	return reply_is_head(rq) ? reply_length(rs, (uint64_t)n) : rs->write(rs, text, (size_t)n);
}

/* pchar and '/' of RFC 3986 3.3, without '%'. */
static bool plain_in_path(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c && strchr("-._~!$&'()*+,;=:@/", c);
}

/* The query is still as the client encoded it. */
static bool plain_in_query(unsigned char c)
{
	return c > ' ' && c < 0x7f;
}

static long encode(char *to, size_t room, struct cellws_text t, bool (*plain)(unsigned char))
{
	static const char hex[16] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		if (n + 3 > room)
			return -ENOSPC;
		if (plain(c)) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '%';
		to[n++] = hex[c >> 4];
		to[n++] = hex[c & 15];
	}
	return (long)n;
}

long reply_location(char *to, size_t room, struct cellws_text path, struct cellws_text query)
{
	while (path.n > 1 && path.p[1] == '/') {
		path.p++;
		path.n--;
	}
	long n = encode(to, room, path, plain_in_path);
	if (n < 0)
		return n;
	if (room - (size_t)n < 3)
		return -ENOSPC;
	if (n == 0 || to[n - 1] != '/')
		to[n++] = '/';
	if (query.n) {
		to[n++] = '?';
		long more = encode(to + n, room - (size_t)n - 1, query, plain_in_query);
		if (more < 0)
			return more;
		n += more;
	}
	to[n] = 0;
	return n;
}

int reply_slash(const struct cellws_request *rq, struct cellws_response *rs)
{
	char location[LOCATION_ROOM];

	long rc = reply_location(location, sizeof(location), rq->path, rq->query);
	if (rc >= 0)
		rc = rs->header(rs, "Location", location);
	if (rc == -ENOSPC)
		return reply_plain(rq, rs, 414);
	if (rc < 0)
		return (int)rc;
	if (!reply_is_head(rq))
		rs->fresh_ms = REDIRECT_FRESH;
	return reply_plain(rq, rs, 301);
}
