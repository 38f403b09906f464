/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The built-in gene "static": answers GET and HEAD with the files below a directory. */
#ifndef CELLWS_GENES_STATIC_H
#define CELLWS_GENES_STATIC_H

#include <cellws/gene.h>

struct http_mime;

/* What init() cannot carry in a string. All three outlive the gene and stay the caller's. */
struct static_config {
	int root_fd;		      /* the directory, opened by the parent with O_DIRECTORY (O_PATH is enough) */
	const char *index;	      /* "index.html"; NULL or "": directories are 404 */
	const struct http_mime *mime; /* NULL: the built-in types */
};

/* Makes the self that gene_static.express gets. 0, -ENOMEM, or -ENOTDIR, -EBADF for a root_fd that is none. */
int static_new(void **self, const struct static_config *c);
void static_free(void *self);

/*
 * Has no init(): use static_new(); done is static_free(). After static_new() it uses openat2, fstat, fstatat, pread and
 * close; malloc for a multipart answer only. Statuses: 200, 206, 301 (directory without slash), 304, 403, 404, 412, 414
 * (no room for the Location), 416, 431, 500, 503 (out of descriptors or memory).
 */
extern const struct cellws_gene gene_static;

#endif
