/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The small answers built-in genes share: errors in plain text, and the way from a directory to its slash. */
#ifndef CELLWS_GENES_REPLY_H
#define CELLWS_GENES_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellws/gene.h>

bool reply_is_head(const struct cellws_request *rq);

/* The answer to HEAD: the length a GET would get, no body. 0 or -errno of header(). */
int reply_length(struct cellws_response *rs, uint64_t length);

/* status with the body "404 Not Found\n"; 503 also gets Retry-After. 0 or -errno of header() and write(). */
int reply_plain(const struct cellws_request *rq, struct cellws_response *rs, int status);

/* 301 to the request's path with a slash behind it, the query kept; 414 when that does not fit a response head. */
int reply_slash(const struct cellws_request *rq, struct cellws_response *rs);

/*
 * Writes path, percent-encoded again, with '/' behind it if it has none and, unless it is empty, '?' and the query;
 * NUL-terminated. Never begins with "//", which would name another host. Returns the length, or -ENOSPC.
 */
long reply_location(char *to, size_t room, struct cellws_text path, struct cellws_text query);

#endif
