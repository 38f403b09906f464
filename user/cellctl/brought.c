/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing what came with a spore beside the run directory: under another name until all of it is there. */
#include "cellctl/brought.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_AT_ONCE 16

static int path_of(const struct invocation *in, const char *name, const char *kind, const char *more, char to[PIN_PATH])
{
	int n = snprintf(to, PIN_PATH, "%s/%s.%s%s", in->run_dir, name, kind, more);

	return n < 0 || n >= PIN_PATH ? -ENAMETOOLONG : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void brought_remove(const struct invocation *in, const char *name, const char *kind)
{
	char path[PIN_PATH];

	if (!path_of(in, name, kind, "", path))
		nftw(path, remove_one, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS);
	if (!path_of(in, name, kind, ".new", path))
		nftw(path, remove_one, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS);
}

static int write_beside(const char *path, brought_fill fill, const struct spore *s)
{
	int directory, error;

	if (mkdir(path, 0700))
		return -errno;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (directory < 0)
		return -errno;
	error = fill(directory, s);
	if (!error && fchmod(directory, 0755))
		error = -errno;
	close(directory);
	return error;
}

int brought_write(const struct invocation *in, const char *name, const char *kind, brought_fill fill, const struct spore *s,
	char path[PIN_PATH])
{
	char beside[PIN_PATH];
	int error;

	if (path_of(in, name, kind, "", path) || path_of(in, name, kind, ".new", beside)) {
		path[0] = 0;
		return -ENAMETOOLONG;
	}
	brought_remove(in, name, kind);
	error = write_beside(beside, fill, s);
	if (!error && rename(beside, path))
		error = -errno;
	if (error)
		brought_remove(in, name, kind);
	return error;
}
