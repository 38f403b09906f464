/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing bytes to a file until all are there. */
#include "tissue/whole.h"

#include <errno.h>
#include <unistd.h>

#define HERE ((off_t)-1)
#define ONCE (1u << 30) /* a write takes no more than about twice this */

static int put(int fd, const char *bytes, size_t n, off_t at)
{
	while (n) {
		size_t some = n < ONCE ? n : ONCE;
		ssize_t w = at == HERE ? write(fd, bytes, some) : pwrite(fd, bytes, some, at);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		bytes += w;
		n -= (size_t)w;
		at += at == HERE ? 0 : w;
	}
	return 0;
}

int whole_write(int fd, const void *bytes, size_t n)
{
	return put(fd, bytes, n, HERE);
}

int whole_write_at(int fd, const void *bytes, size_t n, off_t at)
{
	return put(fd, bytes, n, at);
}
