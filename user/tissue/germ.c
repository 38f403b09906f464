/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The germ's sealed memory file: made by `up` or for a new DNA, mapped read-only by cells; and which files it speaks of. */
#include "tissue/germ.h"
#include "tissue/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void germ_lay_out(struct germ *g, const struct germ_part source[MEMBRANE_COUNT], size_t mime_n, size_t text_n)
{
	uint32_t at = sizeof(*g);

	for (int i = 0; i < MEMBRANE_COUNT; i++) {
		g->filter[i] = (struct germ_part){ .at = at, .n = source[i].n };
		at += (source[i].n + 7u) / 8u * 8u;
	}
	g->mime = (struct germ_part){ .at = at, .n = (uint32_t)mime_n };
	g->text = (struct germ_part){ .at = at + (uint32_t)mime_n, .n = (uint32_t)text_n };
	g->magic = GERM_MAGIC;
	g->bytes = g->text.at + g->text.n;
}

int germ_make(struct germ *g, const struct germ_part filter_src[MEMBRANE_COUNT],
	const char *const filter_bytes[MEMBRANE_COUNT], const char *mime, size_t mime_n, const char *text,
	size_t text_n)
{
	static const char zeros[8];
	int fd = memfd_create("cellws-germ", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error;

	if (fd < 0)
		return -errno;
	germ_lay_out(g, filter_src, mime_n, text_n);
	error = whole_write(fd, g, sizeof(*g));
	for (int i = 0; i < MEMBRANE_COUNT && !error; i++) {
		error = whole_write(fd, filter_bytes[i], filter_src[i].n);
		if (!error)
			error = whole_write(fd, zeros, (8 - filter_src[i].n % 8) % 8);
	}
	if (!error)
		error = whole_write(fd, mime, mime_n);
	if (!error)
		error = whole_write(fd, text, text_n);
	if (!error && fcntl(fd, F_ADD_SEALS, GERM_SEALS | F_SEAL_SEAL))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

const struct germ *germ_map(int fd)
{
	struct stat st;
	const struct germ *g;

	if (fstat(fd, &st) || st.st_size < (off_t)sizeof(*g))
		return NULL;
	g = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (g == MAP_FAILED || g->magic != GERM_MAGIC || g->bytes != (uint64_t)st.st_size)
		return NULL;
	return g;
}

struct germ_file germ_file_of(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return (struct germ_file){ 0 };
	return (struct germ_file){ .device = st.st_dev, .inode = st.st_ino };
}

bool germ_file_is(const struct germ_file *wanted, int fd)
{
	struct germ_file found = germ_file_of(fd);

	return !wanted->inode || (found.device == wanted->device && found.inode == wanted->inode);
}
