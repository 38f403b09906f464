/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes a multipart/byteranges body from a file and its ranges, as many bytes at a time as there is room for. */

#include "genes/multipart.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAD_ROOM 512

struct multipart {
	int fd;
	unsigned at; /* the part that is being sent; count: the closing line; count + 1: all sent */
	unsigned count;
	unsigned lead_n, lead_at; /* bytes of lead, and of them sent */
	uint64_t done;		  /* bytes of the current part's data sent */
	uint64_t size, total;
	const char *type;
	struct http_range ranges[HTTP_RANGES_MAX];
	char boundary[33];
	char lead[LEAD_ROOM];
};

/* FNV-1a with a start of its own, finished so that every input bit reaches every output bit. */
static uint64_t mix(uint64_t h, const char *etag, uint64_t size)
{
	for (; *etag; etag++)
		h = (h ^ (unsigned char)*etag) * 0x100000001b3u;
	for (int i = 0; i < 8; i++, size >>= 8)
		h = (h ^ (size & 0xff)) * 0x100000001b3u;
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 33);
}

/* Puts what stands before part i's data into m->lead: its head, or behind the last part the closing line. */
static int lead(struct multipart *m, unsigned i)
{
	int n;

	if (i < m->count) {
		const struct http_range *r = &m->ranges[i];
		n = snprintf(m->lead, LEAD_ROOM,
			"%s--%s\r\nContent-Type: %s\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
			"\r\n\r\n",
			i ? "\r\n" : "", m->boundary, m->type, r->first, r->first + r->length - 1, m->size);
	} else {
		n = snprintf(m->lead, LEAD_ROOM, "\r\n--%s--\r\n", m->boundary);
	}
	m->lead_n = (unsigned)n;
	m->lead_at = 0;
	m->done = 0;
	return n < LEAD_ROOM ? 0 : -ENOSPC;
}

static int measure(struct multipart *m)
{
	for (unsigned i = 0; i <= m->count; i++) {
		int rc = lead(m, i);
		if (rc)
			return rc;
		m->total += m->lead_n + (i < m->count ? m->ranges[i].length : 0);
	}
	return lead(m, 0);
}

int multipart_new(struct multipart **out, const struct multipart_source *from)
{
	struct multipart *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->fd = from->fd;
	m->size = from->size;
	m->type = from->type;
	m->count = from->count;
	memcpy(m->ranges, from->ranges, from->count * sizeof(*from->ranges));
	snprintf(m->boundary, sizeof(m->boundary), "%016" PRIx64 "%016" PRIx64,
		mix(0xcbf29ce484222325u, from->etag, from->size), mix(0x9e3779b97f4a7c15u, from->etag, from->size));
	int rc = measure(m);
	if (rc) {
		free(m);
		return rc;
	}
	*out = m;
	return 0;
}

uint64_t multipart_length(const struct multipart *m)
{
	return m->total;
}

const char *multipart_boundary(const struct multipart *m)
{
	return m->boundary;
}

static size_t least(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

/* Returns bytes put into to, 0 when the current part is complete, or -errno. */
static long more(struct multipart *m, char *to, size_t room)
{
	if (m->lead_at < m->lead_n) {
		size_t n = least(m->lead_n - m->lead_at, room);
		memcpy(to, m->lead + m->lead_at, n);
		m->lead_at += (unsigned)n;
		return (long)n;
	}
	if (m->at == m->count || m->done == m->ranges[m->at].length)
		return 0;

	const struct http_range *r = &m->ranges[m->at];
	ssize_t n = pread(m->fd, to, least(r->length - m->done, room), (off_t)(r->first + m->done));
	if (n <= 0)
		return n ? -errno : -EIO;
	m->done += (uint64_t)n;
	return n;
}

long multipart_pull(void *state, char *to, size_t room)
{
	struct multipart *m = state;
	size_t made = 0;

	while (made < room && m->at <= m->count) {
		long n = more(m, to + made, room - made);
		if (n < 0)
			return n;
		made += (size_t)n;
		if (n == 0 && m->at++ < m->count)
			lead(m, m->at);
	}
	return (long)made;
}

void multipart_free(void *state)
{
	struct multipart *m = state;

	close(m->fd);
	free(m);
}
