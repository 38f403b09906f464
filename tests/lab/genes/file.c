/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test gene: the file ARGS as body. Query: at=N (offset), length=N (may be more than there is), status=N. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query.h"

static int init(void **self, const char *args, char *why, size_t why_n)
{
	(void)why;
	(void)why_n;
	*self = strdup(args);
	return *self ? 0 : -ENOMEM;
}

static int express(void *self, const struct cellws_request *rq, struct cellws_response *rs)
{
	int fd = open(self, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		close(fd);
		return -EIO;
	}
	rs->status = (int)query_number(rq->query, "status=", 200);
	rs->file_offset = query_number(rq->query, "at=", 0);
	rs->length = query_number(rq->query, "length=", (unsigned long)st.st_size - rs->file_offset);
	rs->body = CELLWS_BODY_FILE;
	rs->file_fd = fd;
	return 0;
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "file",
	.init = init,
	.done = free,
	.express = express,
};
