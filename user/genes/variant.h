/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The representation of a file that is sent: the file itself or its .gz sibling, open, with its validator. */
#ifndef CELLWS_GENES_VARIANT_H
#define CELLWS_GENES_VARIANT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#define VARIANT_NAME_ROOM (PATH_MAX + sizeof(".gz")) /* a name may have PATH_MAX - 1 bytes */
#define VARIANT_ETAG_ROOM 64

struct variant {
	int fd; /* -1 once it has been given away */
	bool gzip;
	bool vary; /* a .gz sibling exists: the answer depends on Accept-Encoding */
	struct stat st;
	char etag[VARIANT_ETAG_ROOM]; /* with its quotes; strong: from mtime in ns, size and inode */
};

/*
 * Opens name (relative, NUL-terminated, in VARIANT_NAME_ROOM bytes; as before on return) below root_fd without leaving
 * it: symbolic links are followed as long as they are relative and stay inside. With gzip, NAME.gz is taken instead when
 * it is a regular file, not empty and not older than NAME. Without, one fstatat() of NAME.gz decides vary: a cache must
 * learn from either answer that there are two. Costs: openat2, fstat, and openat2 or fstatat for the sibling.
 * 0, -EISDIR for a directory, -ENXIO for anything else that is not a regular file, or -errno of openat2().
 */
int variant_open(struct variant *v, int root_fd, char *name, bool gzip);

/* Closes the descriptor unless it has been given away. */
void variant_close(struct variant *v);

#endif
