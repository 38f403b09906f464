/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing bytes to a file until all are there. */
#ifndef CELLWS_TISSUE_WHOLE_H
#define CELLWS_TISSUE_WHOLE_H

#include <stddef.h>
#include <sys/types.h>

/* Where the file stands. 0 or -errno. */
int whole_write(int fd, const void *bytes, size_t n);
/* From at on. 0 or -errno. */
int whole_write_at(int fd, const void *bytes, size_t n, off_t at);

#endif
