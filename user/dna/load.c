/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the file of a DNA, or standard input, whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dna/dna.h"

#define LOAD_MOST (1024 * 1024)

/* Reads up to room bytes; how many, or -errno. */
static ssize_t read_all(int fd, char *to, size_t room)
{
	size_t have = 0;

	while (have < room) {
		ssize_t n = read(fd, to + have, room - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

int dna_load(const char *file, char **text, size_t *n)
{
	int fd = !strcmp(file, "-") ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
	ssize_t have;

	if (fd < 0)
		return -errno;
	*text = malloc(LOAD_MOST + 1);
	have = *text ? read_all(fd, *text, LOAD_MOST + 1) : -ENOMEM;
	close(fd);
	if (have > LOAD_MOST)
		have = -EFBIG;
	if (have < 0) {
		free(*text);
		*text = NULL;
		return (int)have;
	}
	*n = (size_t)have;
	return 0;
}
