/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copies a gene to sealed memory: what was tried is what runs, whoever may reach or change the file later. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dna/dna.h"

#define GENE_BYTES_MAX (256L << 20)

/* 0 or -errno. */
static int fill(int to, int from)
{
	struct stat st;
	off_t at = 0;

	if (fstat(from, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > GENE_BYTES_MAX)
		return -EFBIG;
	while (at < st.st_size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(st.st_size - at));

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return fcntl(to, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) ? -errno : 0;
}

int dna_gene_copy(const char *path)
{
	/* Not to be held up by a pipe that stands where a gene should. */
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), to, error;

	if (from < 0)
		return -errno;
	to = memfd_create("cellws-gene", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	error = to < 0 ? -errno : fill(to, from);
	close(from);
	if (!error)
		return to;
	if (to >= 0)
		close(to);
	return error;
}
