/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The memory that holds the key: shared by descriptor, read-only for all, never on disk. */
#include "tissue/key.h"
#include "secret/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* Linux 5.14, the same number everywhere */
#endif
#ifndef SYS_mseal
#define SYS_mseal 462 /* Linux 6.10, the same number everywhere */
#endif

/* Writes through a mapping, because secret memory cannot be written otherwise. */
static int fill(int fd, const uint8_t key[KEY_BYTES])
{
	void *at;

	if (ftruncate(fd, KEY_BYTES))
		return -errno;
	at = mmap(NULL, KEY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	memcpy(at, key, KEY_BYTES);
	return munmap(at, KEY_BYTES) ? -errno : 0;
}

/* Descriptors of secret memory know no seals: the mapping is sealed instead, where the kernel can (it takes 0 bytes). */
static int make_secret(const uint8_t key[KEY_BYTES])
{
	int fd, error;

	if (syscall(SYS_mseal, 0, 0, 0))
		return -errno;
	fd = (int)syscall(SYS_memfd_secret, FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fill(fd, key);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int make_sealed(const uint8_t key[KEY_BYTES])
{
	int fd = memfd_create("cellws-key", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL), error;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("cellws-key", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	error = fill(fd, key);
	if (!error && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int key_memfd(const uint8_t key[KEY_BYTES])
{
	int fd = make_secret(key);

	return fd >= 0 ? fd : make_sealed(key);
}

const uint8_t *key_map(int fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct stat st;
	void *at;

	if (fstat(fd, &st))
		return NULL;
	errno = EINVAL;
	if (st.st_size != KEY_BYTES)
		return NULL;
	at = mmap(NULL, KEY_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return NULL;
	if (key_lock(at) || madvise(at, page, MADV_DONTDUMP)) {
		int error = errno;

		munmap(at, KEY_BYTES);
		errno = error;
		return NULL;
	}
	/* Where the kernel has no such call the file is sealed against writing. */
	(void)!syscall(SYS_mseal, at, page, 0);
	return at;
}

int key_lock(const uint8_t *key)
{
	return mlock(key, KEY_BYTES) ? -errno : 0;
}
