/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test gene: tries in its answer what a gene must not do; the query names it, the body tells what header() and write() said. */

#include <errno.h>
#include <strings.h>

#include "query.h"

/* X(name, value): header lines that must be refused. */
#define REFUSED(X)                                                                                                     \
	X("X-A", "1\r\nX-Injected: 1")                                                                                 \
	X("X-B", "1\nX-Injected: 1")                                                                                   \
	X("X-C", "1\r")                                                                                                \
	X("X-D\r\nX-Injected", "1")                                                                                    \
	X("X E", "1")                                                                                                  \
	X("X-F:", "1")                                                                                                 \
	X(" X-G", "1")                                                                                                 \
	X("", "1")                                                                                                     \
	X("Content-Length", "3")                                                                                       \
	X("content-length", "3")                                                                                       \
	X("Transfer-Encoding", "chunked")                                                                              \
	X("TRANSFER-ENCODING", "chunked")                                                                              \
	X("Connection", "close")                                                                                       \
	X("Keep-Alive", "timeout=1")                                                                                   \
	X("Date", "today")                                                                                             \
	X("X-H", "a\001b")                                                                                             \
	X("X-I", "a\177b")

static int say(struct cellws_response *rs, const char *what, int n)
{
	char text[80];
	int text_n = snprintf(text, sizeof(text), "%s %d\n", what, n);

	return rs->write(rs, text, (size_t)text_n);
}

static int inject(const struct cellws_request *rq, struct cellws_response *rs)
{
	int taken = 0;

	(void)rq;
#define X(name, value) taken += rs->header(rs, name, value) != -EINVAL;
	REFUSED(X)
#undef X
	rs->header(rs, "X-Good", "yes");
	return say(rs, "taken", taken);
}

/* Header lines until there is no more room. */
static int many(const struct cellws_request *rq, struct cellws_response *rs)
{
	char name[32];
	int n = 0;

	(void)rq;
	do
		snprintf(name, sizeof(name), "X-Many-%d", n);
	while (rs->header(rs, name, "0123456789012345678901234567890123456789") == 0 && ++n);
	return say(rs, "headers", n);
}

/* As much body as fits; one byte more is refused. */
static int full(const struct cellws_request *rq, struct cellws_response *rs)
{
	static char bytes[CELLWS_BYTES_MAX + 1];

	(void)rq;
	for (unsigned long i = 0; i < sizeof(bytes); i++)
		bytes[i] = query_byte(i);
	if (rs->write(rs, bytes, sizeof(bytes)) != -ENOSPC || rs->write(rs, bytes, CELLWS_BYTES_MAX))
		return -EIO;
	return rs->write(rs, bytes, 1) == -ENOSPC ? 0 : -EIO;
}

/* value=TEXT as Content-Length, which only an answer to HEAD may name. */
static int length(const struct cellws_request *rq, struct cellws_response *rs)
{
	char value[64];

	snprintf(value, sizeof(value), "%.*s", (int)(rq->query.n - 7), rq->query.p + 7);
	return rs->header(rs, "X-Said", rs->header(rs, "Content-Length", value) ? "refused" : "taken");
}

/* status=N, with a body whatever N is. */
static int status(const struct cellws_request *rq, struct cellws_response *rs)
{
	rs->status = (int)query_number(rq->query, "status=", 0);
	return say(rs, "status", rs->status);
}

static int error(const struct cellws_request *rq, struct cellws_response *rs)
{
	(void)rq;
	say(rs, "half an answer", 1);
	return -EIO;
}

/* Bodies without what they are to be made of. */
static int file(const struct cellws_request *rq, struct cellws_response *rs)
{
	(void)rq;
	rs->body = CELLWS_BODY_FILE;
	rs->length = 10;
	return 0;
}

static int pull(const struct cellws_request *rq, struct cellws_response *rs)
{
	(void)rq;
	rs->body = CELLWS_BODY_PULL;
	rs->length = 10;
	return 0;
}

#define DEEDS(X) X(inject) X(many) X(full) X(length) X(status) X(error) X(file) X(pull)

static int express(void *self, const struct cellws_request *rq, struct cellws_response *rs)
{
	(void)self;
#define X(deed)                                                                                                        \
	if (rq->query.n >= sizeof(#deed) - 1 && !strncasecmp(rq->query.p, #deed, sizeof(#deed) - 1))                   \
		return deed(rq, rs);
	DEEDS(X)
#undef X
	return -EINVAL;
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "bad",
	.express = express,
};
