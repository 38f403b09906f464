/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test gene: tells what it was asked, with length and FNV-1a digest of the body; the query "body" gives the body itself back. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cellws/gene.h>

static uint64_t digest(struct cellws_text t)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < t.n; i++)
		h = (h ^ (unsigned char)t.p[i]) * 0x100000001b3u;
	return h;
}

static int line(struct cellws_response *rs, struct cellws_text name, struct cellws_text value)
{
	int rc = rs->write(rs, name.p, name.n);

	if (!rc)
		rc = rs->write(rs, "=", 1);
	if (!rc)
		rc = rs->write(rs, value.p, value.n);
	return rc ? rc : rs->write(rs, "\n", 1);
}

#define LINE(rs, field) line(rs, (struct cellws_text){#field, sizeof(#field) - 1}, rq->field)

static int tell(const struct cellws_request *rq, struct cellws_response *rs)
{
	char text[80];
	int n = snprintf(
		text, sizeof(text), "length=%zu\ndigest=%016llx\n", rq->body.n, (unsigned long long)digest(rq->body));
	int rc = LINE(rs, method);

	if (!rc)
		rc = LINE(rs, target);
	if (!rc)
		rc = LINE(rs, path);
	if (!rc)
		rc = LINE(rs, query);
	if (!rc)
		rc = LINE(rs, host);
	for (size_t i = 0; i < rq->header_count && !rc; i++)
		if (rq->headers[i].name.n > 2 && !strncasecmp(rq->headers[i].name.p, "x-", 2))
			rc = line(rs, rq->headers[i].name, rq->headers[i].value);
	return rc ? rc : rs->write(rs, text, (size_t)n);
}

static long pull_rest(void *state, char *to, size_t room)
{
	struct cellws_text *rest = state;
	size_t n = rest->n < room ? rest->n : room;

	memcpy(to, rest->p, n);
	rest->p += n;
	rest->n -= n;
	return (long)n;
}

/* Longer bodies are pulled out of the request's own bytes: they have to live until then. */
static int give_back(const struct cellws_request *rq, struct cellws_response *rs)
{
	struct cellws_text *rest;

	if (rq->body.n <= CELLWS_BYTES_MAX)
		return rs->write(rs, rq->body.p, rq->body.n);
	rest = malloc(sizeof(*rest));
	if (!rest)
		return -ENOMEM;
	*rest = rq->body;
	rs->body = CELLWS_BODY_PULL;
	rs->length = rq->body.n;
	rs->pull_state = rest;
	rs->pull = pull_rest;
	rs->done_pulling = free;
	return 0;
}

static int express(void *self, const struct cellws_request *rq, struct cellws_response *rs)
{
	(void)self;
	if (rq->query.n == 4 && !memcmp(rq->query.p, "body", 4))
		return give_back(rq, rs);
	return tell(rq, rs);
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "echo",
	.express = express,
};
