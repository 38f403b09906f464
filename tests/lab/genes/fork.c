/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test gene: forks by the bare system call, as code that has been taken over might. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cellws/gene.h>

static int express(void *self, const struct cellws_request *request, struct cellws_response *response)
{
	(void)self;
	(void)request;
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		for (;;)
			pause();
	return response->write(response, "forked\n", 7);
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "fork",
	.express = express,
	.allow = "GET, POST",
};
