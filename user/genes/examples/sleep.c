/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Example gene: sleeps ARGS milliseconds, then answers "slept ARGS ms"; shows how to refuse bad args. */

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cellws/gene.h>

#define LONGEST 600000 /* ms */

static int init(void **self, const char *args, char *why, size_t why_n)
{
	char *end;
	unsigned long ms = strtoul(args, &end, 10);

	/* strtoul would take " 5", "-5" and "5x" too. */
	if (!isdigit((unsigned char)args[0]) || *end || ms > LONGEST) {
		snprintf(why, why_n, "args must be milliseconds from 0 to %d, not \"%s\"", LONGEST, args);
		return -EINVAL;
	}
	*self = (void *)(uintptr_t)ms;
	return 0;
}

static int express(void *self, const struct cellws_request *request, struct cellws_response *response)
{
	unsigned long ms = (unsigned long)(uintptr_t)self;
	struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
	char text[40];

	(void)request;
	/* A signal cuts the sleep short; left then says how much is missing. */
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
	int n = snprintf(text, sizeof(text), "slept %lu ms\n", ms);
	int rc = response->header(response, "Content-Type", "text/plain; charset=utf-8");
	return rc ? rc : response->write(response, text, (size_t)n);
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "sleep",
	.init = init,
	.express = express,
	.allow = "GET, HEAD",
};
