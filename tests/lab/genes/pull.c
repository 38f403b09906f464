/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test gene: pulled answers. Query: length=N piece=N unknown=1 status=N; break=N fails, short=N ends after N bytes; tell=1 counts. */

#include <errno.h>

#include "query.h"

static unsigned long begun, ended;

struct stream {
	unsigned long at, length, piece, break_at, short_at;
};

static long pull(void *state, char *to, size_t room)
{
	struct stream *s = state;
	unsigned long n = s->length - s->at;

	if (s->at >= s->break_at)
		return -EIO;
	if (s->at >= s->short_at)
		return 0;
	n = n < s->piece ? n : s->piece;
	n = n < room ? n : room;
	for (unsigned long i = 0; i < n; i++)
		to[i] = query_byte(s->at + i);
	s->at += n;
	return (long)n;
}

static void done(void *state)
{
	ended++;
	free(state);
}

/* Streams of this drone that were begun and not yet ended. */
static int tell(struct cellws_response *rs)
{
	char text[40];
	int n = snprintf(text, sizeof(text), "open=%lu\n", begun - ended);

	return rs->write(rs, text, (size_t)n);
}

static int express(void *self, const struct cellws_request *rq, struct cellws_response *rs)
{
	struct stream *s;

	(void)self;
	if (query_number(rq->query, "tell=", 0))
		return tell(rs);
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	begun++;
	s->length = query_number(rq->query, "length=", 100000);
	s->piece = query_number(rq->query, "piece=", ~0ul);
	s->break_at = query_number(rq->query, "break=", ~0ul);
	s->short_at = query_number(rq->query, "short=", ~0ul);
	rs->status = (int)query_number(rq->query, "status=", 200);
	rs->body = CELLWS_BODY_PULL;
	rs->length = query_number(rq->query, "unknown=", 0) ? CELLWS_UNKNOWN : s->length;
	rs->pull_state = s;
	rs->pull = pull;
	rs->done_pulling = done;
	return 0;
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "pull",
	.express = express,
};
