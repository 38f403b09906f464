/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes an upload of any length part by part and answers how many bytes it had and their sum; for tests. */
#include <cellws/gene.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct count {
	uint64_t bytes;
	uint64_t sum; /* of all bytes */
};

static void count_in(struct count *c, const unsigned char *bytes, size_t n)
{
	c->bytes += n;
	for (size_t i = 0; i < n; i++)
		c->sum += bytes[i];
}

static int feed(void *self, const struct cellws_request *request, void **upload, const void *bytes, size_t n)
{
	(void)self;
	(void)request;
	if (!*upload)
		*upload = calloc(1, sizeof(struct count));
	if (!*upload)
		return -ENOMEM;
	count_in(*upload, bytes, n);
	return 0;
}

static void drop(void *self, void *upload)
{
	(void)self;
	free(upload);
}

static int express(void *self, const struct cellws_request *request, struct cellws_response *response)
{
	struct count small = { 0 }, *c = request->upload ? request->upload : &small;
	char text[80];
	int n;

	(void)self;
	count_in(c, (const unsigned char *)request->body.p, request->body.n);
	n = snprintf(text, sizeof(text), "%llu bytes, sum %llu\n", (unsigned long long)c->bytes, (unsigned long long)c->sum);
	free(request->upload);
	response->header(response, "Content-Type", "text/plain");
	return response->write(response, text, (size_t)n);
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "count",
	.express = express,
	.feed = feed,
	.drop = drop,
};
