/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The memory file of the pairs. */
#include "tissue/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

int pair_memfd(const struct pair *pair)
{
	int fd = memfd_create("cellws-pair", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL), error = 0;
	ssize_t n;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("cellws-pair", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	n = write(fd, pair, sizeof(*pair));
	if (n != (ssize_t)sizeof(*pair))
		error = n < 0 ? -errno : -EIO;
	if (!error && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

const struct pair *pair_map(int fd)
{
	struct stat st;
	void *at;

	if (fstat(fd, &st))
		return NULL;
	errno = EINVAL;
	if (st.st_size != (off_t)sizeof(struct pair))
		return NULL;
	at = mmap(NULL, sizeof(struct pair), PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return NULL;
	if (!pair_lock(at) && !madvise(at, sizeof(struct pair), MADV_DONTDUMP))
		return at;
	pair_unmap(at);
	return NULL;
}

int pair_lock(const struct pair *pair)
{
	return mlock(pair, sizeof(*pair)) ? -errno : 0;
}

void pair_unmap(const struct pair *pair)
{
	munmap((void *)(uintptr_t)pair, sizeof(*pair));
}
