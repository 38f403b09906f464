/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `up` hands to the egg in one sealed memory file, and what every cell reads from it for life. */
#ifndef CELLWS_TISSUE_GERM_H
#define CELLWS_TISSUE_GERM_H

#include <stddef.h>
#include <stdint.h>
#include "dna/dna.h"
#include "tissue/plan.h"
#include "tissue/membrane.h"

#define GERM_MAGIC 0x67657277u

struct germ_part {
	uint32_t at; /* offset in the file */
	uint32_t n;  /* bytes */
};

struct germ {
	uint32_t magic;
	uint32_t bytes; /* of the whole file */
	struct plan plan;
	uint32_t uid, gid;
	char memory[DNA_PATH_MAX];   /* file of the immune memory, absolute; "" for none */
	uint64_t boot;               /* of memory_clock_read(): a cell cannot ask */
	uint64_t fingerprint_key[2]; /* secret; the same in every life that remembers */
	struct germ_part filter[MEMBRANE_COUNT]; /* seccomp programs */
	struct germ_part mime;                   /* text of the system's mime.types */
	struct dna dna;
};

/* Builds the file; returns its sealed descriptor or -errno. filter and mime texts are appended behind g. */
int germ_make(struct germ *g, const struct germ_part filter_src[MEMBRANE_COUNT], const char *const filter_bytes[MEMBRANE_COUNT],
	const char *mime, size_t mime_n);

/* Maps the file read-only and checks its form. NULL when it is none. */
const struct germ *germ_map(int fd);

static inline const void *germ_bytes(const struct germ *g, struct germ_part part)
{
	return (const char *)g + part.at;
}

#endif
