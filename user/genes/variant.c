/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens a file below a root that it cannot leave, and prefers the precompressed sibling where the client takes it. */

#include "genes/variant.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIES 4 /* openat2() gives EAGAIN when a ".." in a link races with a rename */

static int open_beneath(int root_fd, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	for (int i = 0; i < TRIES; i++) {
		long fd = syscall(SYS_openat2, root_fd, name, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN)
			return -errno;
	}
	return -EAGAIN;
}

static int open_regular(int root_fd, const char *name, struct stat *st)
{
	int fd = open_beneath(root_fd, name);
	if (fd < 0)
		return fd;

	int rc = fd;
	if (fstat(fd, st))
		rc = -errno;
	else if (S_ISDIR(st->st_mode))
		rc = -EISDIR;
	else if (!S_ISREG(st->st_mode))
		rc = -ENXIO;
	if (rc < 0)
		close(fd);
	return rc;
}

static bool older(const struct stat *a, const struct stat *b)
{
	if (a->st_mtim.tv_sec != b->st_mtim.tv_sec)
		return a->st_mtim.tv_sec < b->st_mtim.tv_sec;
	return a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

static void prefer_gzip(struct variant *v, int root_fd, const char *name)
{
	struct stat st;
	int fd = open_regular(root_fd, name, &st);

	v->vary = fd != -ENOENT && fd != -ENAMETOOLONG;
	if (fd < 0)
		return;
	if (st.st_size == 0 || older(&st, &v->st)) {
		close(fd);
		return;
	}
	close(v->fd);
	v->fd = fd;
	v->st = st;
	v->gzip = true;
}

int variant_open(struct variant *v, int root_fd, char *name, bool gzip)
{
	struct stat unused;

	memset(v, 0, sizeof(*v));
	v->fd = open_regular(root_fd, name, &v->st);
	if (v->fd < 0)
		return v->fd;

	size_t n = strlen(name);
	memcpy(name + n, ".gz", sizeof(".gz"));
	if (gzip)
		prefer_gzip(v, root_fd, name);
	else
		v->vary = !fstatat(root_fd, name, &unused, AT_SYMLINK_NOFOLLOW);
	name[n] = 0;

	uint64_t ns = (uint64_t)v->st.st_mtim.tv_sec * 1000000000u + (uint64_t)v->st.st_mtim.tv_nsec;
	snprintf(v->etag, sizeof(v->etag), "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "%s\"", ns, (uint64_t)v->st.st_size,
		(uint64_t)v->st.st_ino, v->gzip ? "-gz" : "");
	return 0;
}

void variant_close(struct variant *v)
{
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}
