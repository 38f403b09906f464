/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test gene: becomes another program by the bare system call, as code that has been taken over might. */
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cellws/gene.h>

static int express(void *self, const struct cellws_request *request, struct cellws_response *response)
{
	char *argv[] = { "true", NULL };

	(void)self;
	(void)request;
	syscall(SYS_execve, "/bin/true", argv, argv + 1);
	return response->write(response, "not another\n", 12);
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "exec",
	.express = express,
	.allow = "GET, POST",
};
