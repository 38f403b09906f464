/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Example gene: dies of a NULL pointer when the query says now=1; shows that only this request is lost. */

#include <stdbool.h>
#include <string.h>

#include <cellws/gene.h>

/* Whether one of the parameters between the '&'s is word. */
static bool asks_for(struct cellws_text query, const char *word)
{
	size_t n = strlen(word);

	while (query.n) {
		const char *end = memchr(query.p, '&', query.n);
		size_t here = end ? (size_t)(end - query.p) : query.n;
		if (here == n && !memcmp(query.p, word, n))
			return true;
		here += end != NULL;
		query.p += here;
		query.n -= here;
	}
	return false;
}

static int express(void *self, const struct cellws_request *request, struct cellws_response *response)
{
	/* Both volatile: else the compiler sees that it is NULL, or that nobody reads what is written there. */
	volatile int *volatile nowhere = NULL;

	(void)self;
	if (asks_for(request->query, "now=1"))
		*nowhere = 1;
	int rc = response->header(response, "Content-Type", "text/plain; charset=utf-8");
	return rc ? rc : response->write(response, "still here\n", 11);
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "crash",
	.express = express,
	.allow = "GET, HEAD",
};
