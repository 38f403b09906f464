/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Several ranges of one file as multipart/byteranges (RFC 9110 14.6), made piece by piece. */
#ifndef CELLWS_GENES_MULTIPART_H
#define CELLWS_GENES_MULTIPART_H

#include <stddef.h>
#include <stdint.h>

#include "http/range.h"

struct multipart;

struct multipart_source {
	int fd;		  /* a regular file */
	uint64_t size;	  /* of the whole file */
	const char *type; /* of the parts; outlives the body */
	const char *etag; /* together with size it makes the boundary; used by multipart_new only */
	const struct http_range *ranges;
	unsigned count; /* 1 to HTTP_RANGES_MAX */
};

/* 0: the descriptor belongs to *m from now on. -ENOMEM, or -ENOSPC when the type is too long: it stays the caller's. */
int multipart_new(struct multipart **m, const struct multipart_source *from);

/* Bytes of the whole body, to the byte. */
uint64_t multipart_length(const struct multipart *m);

/* 128 bits in hexadecimal, for the Content-Type: the same for the same version of a file. */
const char *multipart_boundary(const struct multipart *m);

/* The response's pull(): -EIO when the file has become shorter than a range needs. */
long multipart_pull(void *m, char *to, size_t room);

/* The response's done_pulling(): closes the file. */
void multipart_free(void *m);

#endif
