/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Media types by file name: the system's mime.types over a built-in table of the common ones. */
#ifndef CELLWS_HTTP_MIME_H
#define CELLWS_HTTP_MIME_H

#include <stddef.h>

struct http_mime;

/* Reads the text of a mime.types file (n bytes; n = 0 is fine: the built-in table serves). NULL when out of memory. */
struct http_mime *http_mime_new(const char *text, size_t n);
void http_mime_free(struct http_mime *m);

/*
 * The type for a path by its last extension, without case; text types get "; charset=utf-8". Never NULL:
 * "application/octet-stream" when unknown. m may be NULL: the built-in table alone.
 */
const char *http_mime_find(const struct http_mime *m, const char *path, size_t n);

#endif
