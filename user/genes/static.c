/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gene "static" inside a drone: from a request's path to a file below the root, and from the file to the answer. */

#include "genes/static.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "genes/coding.h"
#include "genes/multipart.h"
#include "genes/reply.h"
#include "genes/variant.h"
#include "http/condition.h"
#include "http/date.h"
#include "http/mime.h"
#include "http/parse.h"
#include "http/range.h"

#define FRESH 1000 /* ms a plain answer may be repeated from memory */

/* X(field of struct http_conditions, field name) */
#define CONDITIONS(X)                                                                                                  \
	X(if_match, "if-match")                                                                                        \
	X(if_none_match, "if-none-match")                                                                              \
	X(if_modified_since, "if-modified-since")                                                                      \
	X(if_unmodified_since, "if-unmodified-since")                                                                  \
	X(if_range, "if-range")                                                                                        \
	X(range, "range")

/* X(errno, status); anything else is 500. A directory gets here only where an index file was looked for. */
#define REFUSALS(X)                                                                                                    \
	X(ENOENT, 404)                                                                                                 \
	X(ENOTDIR, 404)                                                                                                \
	X(ELOOP, 404)                                                                                                  \
	X(EXDEV, 404)                                                                                                  \
	X(ENAMETOOLONG, 404)                                                                                           \
	X(EISDIR, 404)                                                                                                 \
	X(ENXIO, 404)                                                                                                  \
	X(ENODEV, 404)                                                                                                 \
	X(EACCES, 403)                                                                                                 \
	X(EPERM, 403)                                                                                                  \
	X(E2BIG, 431)                                                                                                  \
	X(EMFILE, 503)                                                                                                 \
	X(ENFILE, 503)                                                                                                 \
	X(ENOMEM, 503)                                                                                                 \
	X(EAGAIN, 503)

struct static_gene {
	struct static_config c;
	size_t index_n;
	char scratch[HTTP_HEAD_MAX]; /* first for fields that come several times, then for the file's bytes */
};

_Static_assert(HTTP_HEAD_MAX >= CELLWS_BYTES_MAX, "scratch holds a BYTES body");

/* One request. */
struct turn {
	struct static_gene *g;
	const struct cellws_request *rq;
	struct cellws_response *rs;
	bool head;  /* HEAD */
	bool plain; /* no field of CONDITIONS is present */
	struct http_conditions asked;
	struct coding coding;
	struct variant v;
	const char *type;
	int64_t modified;
};

int static_new(void **self, const struct static_config *c)
{
	struct stat st;

	if (fstat(c->root_fd, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	struct static_gene *g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->c = *c;
	g->index_n = c->index ? strlen(c->index) : 0;
	*self = g;
	return 0;
}

void static_free(void *self)
{
	free(self);
}

static bool is(struct cellws_text t, const char *word, size_t n)
{
	return t.n == n && !strncasecmp(t.p, word, n);
}

/* Joins all fields of a name with ", ", as RFC 9110 5.2 allows, behind the *used bytes of scratch. */
static int join(struct turn *t, const char *name, struct http_value *v, size_t *used)
{
	size_t from = *used, n = from;
	char *to = t->g->scratch;

	for (size_t i = 0; i < t->rq->header_count; i++) {
		const struct cellws_header *h = &t->rq->headers[i];
		if (!is(h->name, name, strlen(name)))
			continue;
		if (n + 2 + h->value.n > sizeof(t->g->scratch))
			return -E2BIG;
		if (n > from)
			n = (size_t)((char *)mempcpy(to + n, ", ", 2) - to);
		n = (size_t)((char *)mempcpy(to + n, h->value.p, h->value.n) - to);
	}
	*v = (struct http_value){to + from, n - from};
	*used = n;
	return 0;
}

static struct http_value *condition(struct turn *t, struct cellws_text name)
{
#define X(field, text)                                                                                                 \
	if (is(name, text, sizeof(text) - 1))                                                                          \
		return &t->asked.field;
	CONDITIONS(X)
#undef X
	return NULL;
}

/* Values stay where they are unless a field comes twice. */
static int read_fields(struct turn *t)
{
	bool twice = false;

	for (size_t i = 0; i < t->rq->header_count; i++) {
		const struct cellws_header *h = &t->rq->headers[i];
		struct http_value *v = condition(t, h->name);
		if (v) {
			t->plain = false;
			twice |= v->p != NULL;
			*v = (struct http_value){h->value.p, h->value.n};
		} else if (is(h->name, "accept-encoding", 15)) {
			coding_add(&t->coding, h->value.p, h->value.n);
		}
	}
	size_t used = 0;
	int rc = 0;
#define X(field, text)                                                                                                 \
	if (twice && t->asked.field.p && !rc)                                                                          \
		rc = join(t, text, &t->asked.field, &used);
	CONDITIONS(X)
#undef X
	if (t->head) /* RFC 9110 14.2: Range is for GET alone */
		t->asked.range = t->asked.if_range = (struct http_value){NULL, 0};
	return rc;
}

/* The file's name below the root: the path behind the route, "." for nothing, the index file behind a slash. */
static int find_name(const struct turn *t, char name[VARIANT_NAME_ROOM])
{
	const struct cellws_text *path = &t->rq->path;
	size_t skip = t->rq->route.n < path->n ? t->rq->route.n : path->n;

	while (skip < path->n && path->p[skip] == '/')
		skip++;
	size_t n = path->n - skip;
	if (n + t->g->index_n >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(name, path->p + skip, n);
	if (path->n && path->p[path->n - 1] == '/') {
		if (!t->g->index_n)
			return -ENOENT;
		memcpy(name + n, t->g->c.index, t->g->index_n);
		n += t->g->index_n;
	} else if (n == 0) {
		name[n++] = '.';
	}
	name[n] = 0;
	return 0;
}

static int refuse(const struct turn *t, int error)
{
	int status = 500;

	switch (-error) {
#define X(number, text)                                                                                                \
	case number:                                                                                                   \
		status = text;                                                                                         \
		break;
		REFUSALS(X)
#undef X
	}
	return reply_plain(t->rq, t->rs, status);
}

/* What 200, 206 and 304 have in common. */
static int put_validators(const struct turn *t)
{
	char date[HTTP_DATE_BYTES + 1] = "";

	http_date_format(t->modified, date);
	int rc = t->rs->header(t->rs, "Last-Modified", date);
	if (!rc)
		rc = t->rs->header(t->rs, "ETag", t->v.etag);
	if (!rc && t->v.vary)
		rc = t->rs->header(t->rs, "Vary", "Accept-Encoding");
	return rc;
}

static int put_content(const struct turn *t, const char *type)
{
	int rc = put_validators(t);
	if (!rc)
		rc = t->rs->header(t->rs, "Content-Type", type);
	if (!rc)
		rc = t->rs->header(t->rs, "Accept-Ranges", "bytes");
	if (!rc && t->v.gzip)
		rc = t->rs->header(t->rs, "Content-Encoding", "gzip");
	return rc;
}

static int send_bytes(struct turn *t, struct http_range r)
{
	size_t got = 0;

	while (got < r.length) {
		ssize_t n = pread(t->v.fd, t->g->scratch + got, r.length - got, (off_t)(r.first + got));
		if (n <= 0)
			return n ? -errno : -EIO; /* 0: the file has become shorter since fstat() */
		got += (size_t)n;
	}
	return t->rs->write(t->rs, t->g->scratch, got);
}

static int send_data(struct turn *t, struct http_range r)
{
	if (t->head)
		return reply_length(t->rs, r.length);
	if (r.length <= CELLWS_BYTES_MAX)
		return send_bytes(t, r);
	t->rs->body = CELLWS_BODY_FILE;
	t->rs->file_fd = t->v.fd;
	t->rs->file_offset = r.first;
	t->rs->length = r.length;
	t->v.fd = -1;
	return 0;
}

static int send_whole(struct turn *t)
{
	int rc = put_content(t, t->type);

	if (rc)
		return rc;
	t->rs->status = 200;
	if (t->plain && !t->head)
		t->rs->fresh_ms = FRESH;
	return send_data(t, (struct http_range){0, (uint64_t)t->v.st.st_size});
}

static int send_range(struct turn *t, struct http_range r)
{
	char text[80];

	snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, r.first, r.first + r.length - 1,
		(uint64_t)t->v.st.st_size);
	int rc = put_content(t, t->type);
	if (!rc)
		rc = t->rs->header(t->rs, "Content-Range", text);
	if (rc)
		return rc;
	t->rs->status = 206;
	return send_data(t, r);
}

static int send_parts(struct turn *t, const struct http_range *ranges, unsigned count)
{
	struct multipart_source from = {
		t->v.fd,
		(uint64_t)t->v.st.st_size,
		t->type,
		t->v.etag,
		ranges,
		count,
	};
	struct multipart *m;
	char type[96];

	int rc = multipart_new(&m, &from);
	if (rc)
		return rc;
	t->v.fd = -1;
	snprintf(type, sizeof(type), "multipart/byteranges; boundary=%s", multipart_boundary(m));
	rc = put_content(t, type);
	if (rc) {
		multipart_free(m);
		return rc;
	}
	t->rs->status = 206;
	t->rs->body = CELLWS_BODY_PULL;
	t->rs->length = multipart_length(m);
	t->rs->pull_state = m;
	t->rs->pull = multipart_pull;
	t->rs->done_pulling = multipart_free;
	return 0;
}

static int refuse_range(struct turn *t)
{
	char text[40];

	snprintf(text, sizeof(text), "bytes */%" PRIu64, (uint64_t)t->v.st.st_size);
	int rc = t->rs->header(t->rs, "Content-Range", text);
	return rc ? rc : reply_plain(t->rq, t->rs, 416);
}

static int answer(struct turn *t)
{
	struct http_range ranges[HTTP_RANGES_MAX];
	int n = 0;

	switch (http_condition_judge(&t->asked, t->v.etag, t->modified, true, t->rq->now)) {
	case HTTP_NOT_MODIFIED:
		t->rs->status = 304;
		return put_validators(t);
	case HTTP_PRECONDITION_FAILED:
		return reply_plain(t->rq, t->rs, 412);
	case HTTP_GO_ON_RANGE:
		n = http_range_parse(t->asked.range.p, t->asked.range.n, (uint64_t)t->v.st.st_size, ranges);
		break;
	case HTTP_GO_ON:
		break;
	}
	if (n < 0)
		return refuse_range(t);
	if (n == 1)
		return send_range(t, ranges[0]);
	/* Content-Encoding would be said of the parts' wrapping too: the whole is the one honest answer then. */
	if (n > 1 && !t->v.gzip)
		return send_parts(t, ranges, (unsigned)n);
	return send_whole(t);
}

static int express(void *self, const struct cellws_request *rq, struct cellws_response *rs)
{
	struct turn t = {
		.g = self, .rq = rq, .rs = rs, .head = reply_is_head(rq), .plain = true, .coding = CODING_NONE};
	char name[VARIANT_NAME_ROOM];

	int rc = read_fields(&t);
	if (!rc)
		rc = find_name(&t, name);
	if (!rc)
		rc = variant_open(&t.v, t.g->c.root_fd, name, coding_gzip(&t.coding));
	if (rc == -EISDIR && rq->path.p[rq->path.n - 1] != '/')
		return reply_slash(rq, rs);
	if (rc)
		return refuse(&t, rc);

	t.type = http_mime_find(t.g->c.mime, name, strlen(name));
	/* RFC 9110 8.8.2.1: never later than Date. */
	t.modified = t.v.st.st_mtime < rq->now ? t.v.st.st_mtime : rq->now;
	rc = answer(&t);
	variant_close(&t.v);
	return rc;
}

const struct cellws_gene gene_static = {
	.abi = CELLWS_GENE_ABI,
	.name = "static",
	.done = static_free,
	.express = express,
	.allow = "GET, HEAD",
};
