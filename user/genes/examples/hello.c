/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Example gene: answers "hello, ARGS", where ARGS are the route's args from the DNA. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cellws/gene.h>

/* Runs once per route that names this gene, before the drone is sealed. What it stores in self comes back in express. */
static int init(void **self, const char *args, char *why, size_t why_n)
{
	(void)why; /* for a reason when args are refused: see sleep.c */
	(void)why_n;
	*self = strdup(args);
	return *self ? 0 : -ENOMEM;
}

static void done(void *self)
{
	free(self);
}

/* Runs once per request. An error from header() or write() may be returned as it is: the client gets 500. */
static int express(void *self, const struct cellws_request *request, struct cellws_response *response)
{
	const char *whom = self;

	(void)request;
	int rc = response->header(response, "Content-Type", "text/plain");
	if (!rc)
		rc = response->write(response, "hello, ", 7);
	if (!rc)
		rc = response->write(response, whom, strlen(whom));
	if (!rc)
		rc = response->write(response, "\n", 1);
	return rc;
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "hello",
	.init = init,
	.done = done,
	.express = express,
	.allow = "GET, HEAD",
};
