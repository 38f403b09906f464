/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files in which a DNA for all hosts lies between its writers and a gamete: a head, then the spore. */
#include "tissue/spread_file.h"
#include "tissue/whole.h"

#include <errno.h>
#include <unistd.h>

int spread_file_write(int fd, const struct spread *s, const uint8_t *bytes)
{
	uint8_t head[SPREAD_BYTES] = { 0 };
	int error = whole_write_at(fd, head, sizeof(head), 0);

	if (!error && ftruncate(fd, (off_t)(sizeof(head) + s->n)))
		error = -errno;
	if (!error)
		error = whole_write_at(fd, bytes, s->n, sizeof(head));
	if (error)
		return error;
	spread_write(s, head);
	return whole_write_at(fd, head, sizeof(head), 0);
}
