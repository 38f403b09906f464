/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test gene: tells the client's address. */

#include <cellws/gene.h>

static int express(void *self, const struct cellws_request *request, struct cellws_response *response)
{
	(void)self;
	return response->write(response, request->client.p, request->client.n);
}

const struct cellws_gene cellws_gene = {.abi = CELLWS_GENE_ABI, .name = "client", .express = express};
